// Tests the methods of src/mr/kernel/kernel.ts that write pairs.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hashKey } from "../../src/mr/app/contract/partitioners.ts";
import { brokenText, key, text } from "./arbitraries.ts";
import { KERNELS } from "./kernels.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** A pair as it was appended, and the texts it must be written as; that of a byte slice after a "b". */
interface Appended {
  readonly key: Uint8Array;
  readonly keyText: string;
  readonly value: string;
}

const json = fc.oneof(
  text,
  brokenText,
  key,
  fc.string({ unit: "binary", maxLength: 50 }).map((value) => encoder.encode(value)),
  fc.array(fc.integer({ min: 0, max: 0x7f })).map((bytes) => Uint8Array.from(bytes)),
);
const bytes = fc.oneof(
  json,
  fc.constantFrom("a", "b", 'a"').map((s) => encoder.encode(s)),
);

/** The JSON string of bytes, if they are UTF-8. */
function quoted(source: Uint8Array): string | undefined {
  const decoded = decoder.decode(source);
  return Buffer.compare(source, encoder.encode(decoded)) === 0
    ? JSON.stringify(decoded)
    : undefined;
}

/** The lines of pairs, one for each run of neighbours of the same key. */
function dumbLines(pairs: readonly Appended[]): string[] {
  const sorted = pairs.toSorted((a, b) => Buffer.compare(a.key, b.key));
  const groups: { text: string; values: { value: string; count: number }[] }[] = [];
  for (const { keyText, value } of sorted) {
    let group = groups.at(-1);
    if (group?.text !== keyText) {
      group = { text: keyText, values: [] };
      groups.push(group);
    }
    const last = group.values.at(-1);
    if (last?.value === value) last.count += 1;
    else group.values.push({ value, count: 1 });
  }
  return groups.map(({ text: keyText, values }) => {
    const parts = values.map(({ value, count }) => {
      return value.startsWith("b") ? `-${count},${value.slice(1)}` : `${count},${value}`;
    });
    return `[${keyText},${parts.join(",")}]`;
  });
}

describe.each(KERNELS)("the %s kernel, writing pairs", (_, createKernel) => {
  const kernel = createKernel({ blockBytes: 1 << 16 });

  function append(
    keyBytes: Uint8Array,
    valueBytes: Uint8Array,
    start: number,
  ): Appended | undefined {
    kernel.block.fill(0x80);
    kernel.block.set(keyBytes, start);
    const middle = start + keyBytes.length;
    kernel.block.set(valueBytes, middle);
    const end = middle + valueBytes.length;
    const isAppended = kernel.appendRanges(start, middle, middle, end);
    const [keyText, valueText] = [quoted(keyBytes), quoted(valueBytes)];
    expect(isAppended).toBe(keyText !== undefined && valueText !== undefined);
    if (keyText === undefined || valueText === undefined) return undefined;
    return { key: keyBytes, keyText, value: `b${valueText}` };
  }

  function appendTexts(keyBytes: Uint8Array, value: unknown): Appended {
    const keyText = quoted(keyBytes) ?? `{"base64":"${Buffer.from(keyBytes).toString("base64")}"}`;
    const valueText = JSON.stringify(value);
    const parts = [encoder.encode(keyText), encoder.encode(valueText), keyBytes] as const;
    const [first, second] = parts;
    kernel.appendTexts(Buffer.concat(parts), first.length, second.length, keyBytes.length, false);
    return { key: keyBytes, keyText, value: valueText };
  }

  const given = fc.oneof(
    fc.record({ key: bytes, value: bytes, start: fc.nat(40) }),
    fc.record({ key: bytes, json: fc.jsonValue() }),
  );

  it("sorts them by their keys, and writes them as JSON.stringify does", () => {
    fc.assert(
      fc.property(fc.array(given, { maxLength: 40 }), (all) => {
        kernel.clear();
        const pairs: Appended[] = [];
        for (const one of all) {
          const pair =
            "start" in one ? append(one.key, one.value, one.start) : appendTexts(one.key, one.json);
          if (pair !== undefined) pairs.push(pair);
        }
        const order = kernel.sortPairs();
        expect(kernel.writePairs(0, pairs.length)).toBe(pairs.length);
        const written = decoder.decode(kernel.output.slice(0, kernel.outputEnd));
        expect(written.split("\n").slice(0, -1)).toEqual(dumbLines(pairs));
        for (const pair of order) {
          const length = kernel.pairKeyLength(pair);
          expect(kernel.writePairKey(pair, 5)).toBe(5 + length);
          const copied = Buffer.from(kernel.output.slice(5, 5 + length));
          expect(copied.equals(kernel.pairKey(pair))).toBe(true);
          expect(kernel.pairHash(pair)).toBe(hashKey(copied));
        }
      }),
      { numRuns: 300 },
    );
  });

  it("says which pair did not fit, and starts a line anew when it is long", () => {
    const small = createKernel({ blockBytes: 1 << 16, outputBytes: 1 << 17 });
    small.block.fill(0x61);
    const count = 300;
    for (let index = 0; index < count; index++) small.appendRanges(0, 1, 0, 1000 + index);
    small.appendRanges(0, 2, 0, 60_000);
    small.sortPairs();
    const lines: string[] = [];
    for (let at = 0; at < count; ) {
      const next = small.writePairs(at, count);
      expect(next).toBeGreaterThan(at);
      lines.push(...decoder.decode(small.output.slice(0, small.outputEnd)).trimEnd().split("\n"));
      at = next;
    }
    expect(lines.length).toBeGreaterThan((count * 1000) / 70_000);
    const rows = lines.map((line) => JSON.parse(line) as [string, ...(string | number)[]]);
    const values = rows.flatMap(([, ...rest]) => rest.filter((__, index) => index % 2 === 1));
    expect(values.map((value) => String(value).length)).toEqual(
      Array.from({ length: count }, (__, index) => 1000 + index),
    );
    for (const line of lines) expect(line.length).toBeLessThan(66_000 + 2000);
  });

  it("gives the line of a pair that is longer than the output", () => {
    const small = createKernel({ blockBytes: 1 << 16, outputBytes: 1 << 10 });
    small.block.fill(0x62);
    small.appendRanges(0, 3, 0, 2000);
    small.sortPairs();
    expect(small.writePairs(0, 1)).toBe(0);
    expect(small.outputEnd).toBe(0);
    const line = `["bbb",-1,"${"b".repeat(2000)}"]\n`;
    expect(decoder.decode(Uint8Array.from(small.pairLine(0)))).toBe(line);
  });

  it("keeps pairs of any size, and keys of the table beside them", () => {
    const large = createKernel({ blockBytes: 3 << 20, outputBytes: 1 << 22 });
    large.block.fill(0x63);
    for (let index = 0; index < 40; index++) {
      large.intern(Buffer.from(`key ${index} ${"x".repeat(index * 100)}`), 0, 6 + index * 100);
      expect(large.appendRanges(0, 1 + index, 0, index % 7 === 0 ? 2 << 20 : 10_000)).toBe(true);
    }
    expect(large.pairCount).toBe(40);
    expect(large.pairBytes).toBeGreaterThan(6 * (2 << 20));
    const order = large.sortPairs();
    expect(Array.from(order, (pair) => large.pairKeyLength(pair))).toEqual(
      Array.from({ length: 40 }, (__, index) => 1 + index),
    );
    expect(Buffer.from(large.key(39)).toString()).toMatch(/^key 39 x+$/);
    large.clear();
    expect([large.pairCount, large.pairBytes]).toEqual([0, 0]);
  });

  it("refuses to write past its output, and to read past its block", () => {
    const { output, block } = kernel;
    kernel.clear();
    const id = kernel.internAscii("abc");
    expect(() => kernel.writeKey(id, output.length - 2)).toThrow(RangeError);
    expect(() => kernel.appendRanges(0, 1, 5, block.length + 1)).toThrow(RangeError);
    expect(() => kernel.appendRanges(-1, 1, 5, 6)).toThrow(RangeError);
    kernel.block.fill(0x61);
    kernel.appendRanges(0, 3, 3, 4);
    const [pair = 0] = kernel.sortPairs();
    expect(() => kernel.writePairKey(pair, output.length - 2)).toThrow(RangeError);
  });
});
