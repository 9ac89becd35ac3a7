// Tests writeNumbers() of src/mr/kernel/kernel.ts.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { brokenText, key, text } from "./arbitraries.ts";
import { KERNELS } from "./kernels.ts";

const number = fc.oneof(
  { weight: 8, arbitrary: fc.nat() },
  { weight: 2, arbitrary: fc.maxSafeNat() },
  {
    weight: 1,
    arbitrary: fc.constantFrom(0, -0, 1, 9, 10, 99, 2 ** 53 - 1, 2 ** 53, -1, 0.5, 1e300),
  },
  { weight: 1, arbitrary: fc.constantFrom(NaN, Infinity, -Infinity) },
);

const decoder = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });

/** The line of a key, undefined for what is left to the caller. */
function lineOf(bytes: Uint8Array, value: number): string | undefined {
  if (!Number.isSafeInteger(value) || value < 0) return undefined;
  try {
    return `[${JSON.stringify(decoder.decode(bytes))},1,${value}]\n`;
  } catch {
    return undefined;
  }
}

describe.each(KERNELS)("the %s kernel, writing numbers", (_, createKernel) => {
  const kernel = createKernel({ blockBytes: 1024, outputBytes: 4096 });

  it("writes a line a key, up to the first that is not text or not a whole number", () => {
    const pairs = fc.array(fc.tuple(fc.oneof(text, key, brokenText), number), { maxLength: 40 });
    fc.assert(
      fc.property(pairs, (given) => {
        kernel.clear();
        const numbers = new Float64Array(given.length);
        const keys: Uint8Array[] = [];
        for (const [bytes, value] of given) {
          const id = kernel.intern(bytes, 0, bytes.length);
          numbers[id] = value;
          keys[id] = bytes;
        }
        const ids = Uint32Array.from(keys.keys()).reverse();
        for (let from = 0; from < ids.length; ) {
          const next = kernel.writeNumbers(ids, from, ids.length, numbers);
          const written = kernel.output.slice(0, kernel.outputEnd);
          const expected = [...ids.subarray(from, next)].map((id) => {
            return lineOf(keys[id] ?? new Uint8Array(0), numbers[id] ?? 0);
          });
          expect(expected).not.toContain(undefined);
          expect(Buffer.from(written).toString()).toBe(expected.join(""));
          if (next === ids.length) break;
          const left = keys[ids[next] ?? 0] ?? new Uint8Array(0);
          const line = lineOf(left, numbers[ids[next] ?? 0] ?? 0);
          const isFull = written.length + 6 * left.length + 64 > kernel.output.length;
          expect(line === undefined || isFull).toBe(true);
          from = next === from ? next + 1 : next;
        }
      }),
      { numRuns: 300 },
    );
  });

  it("goes on where it stopped, with more keys than it takes at a time", () => {
    kernel.clear();
    const numbers = new Float64Array(20_000);
    for (let n = 0; n < numbers.length; n++) {
      const bytes = Buffer.from(`key ${n}`);
      numbers[kernel.intern(bytes, 0, bytes.length)] = n;
    }
    const ids = kernel.sortedIds();
    let lines = "";
    for (let from = 0; from < ids.length; ) {
      from = kernel.writeNumbers(ids, from, ids.length, numbers);
      lines += Buffer.from(kernel.output.slice(0, kernel.outputEnd)).toString();
    }
    expect(lines.split("\n")).toHaveLength(20_001);
    expect(lines).toContain('["key 12345",1,12345]\n["key 12346",1,12346]\n');
  });
});
