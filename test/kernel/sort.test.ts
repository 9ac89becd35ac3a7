// Tests the methods of src/mr/kernel/kernel.ts that sort.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { key } from "./arbitraries.ts";
import { KERNELS } from "./kernels.ts";

/** The order of ASCII text by its bytes. */
function compareText(a = "", b = ""): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

describe.each(KERNELS)("the %s kernel, sorting", (_, createKernel) => {
  const kernel = createKernel({ blockBytes: 1 << 16 });

  it("orders keys by their bytes, the shorter first", () => {
    fc.assert(
      fc.property(fc.array(key, { maxLength: 200 }), (keys) => {
        kernel.clear();
        for (const bytes of keys) kernel.intern(bytes, 0, bytes.length);
        const sorted = Array.from(kernel.sortedIds());
        const dumb = Array.from({ length: kernel.size }, (_, id) => id).sort((a, b) =>
          Buffer.compare(kernel.key(a), kernel.key(b)),
        );
        expect(sorted).toEqual(dumb);
      }),
    );
  });

  it.each([
    ["random", (i: number) => `${Math.imul(i, 0x9e3779b1) >>> 0}`],
    ["with a long common prefix", (i: number) => `${"http://www.".repeat(5)}${i % 5000}`],
    ["mostly equal", (i: number) => "same".repeat(1 + (i % 7))],
    ["in order", (i: number) => String(i).padStart(12, "0")],
  ])("sorts many keys: %s", (_, nameOf) => {
    const count = 70_000;
    const large = createKernel({ blockBytes: 8 << 20 });
    const block = Buffer.from(large.block.buffer, large.block.byteOffset, large.block.length);
    let at = 0;
    for (let i = 0; i < count; i++) {
      const start = at;
      at += block.write(nameOf(i), at, "latin1");
      large.intern(large.block, start, at);
      large.appendRanges(start, at, start, at);
    }
    const names = Array.from({ length: count }, (__, i) => nameOf(i));
    const dumb = names.map((__, i) => i).sort((a, b) => compareText(names[a], names[b]) || a - b);
    // Pairs are numbered in the order in which they came, whatever their ids are.
    const pairs = large.sortPairs().slice();
    const numbers = new Map(Array.from(pairs.toSorted(), (pair, number) => [pair, number]));
    expect(Array.from(pairs, (pair) => numbers.get(pair))).toEqual(dumb);
    const distinct = [...new Set(dumb.map((i) => names[i]))];
    const sorted = Array.from(large.sortedIds(), (id) => Buffer.from(large.key(id)).toString());
    expect(sorted).toEqual(distinct);
  });
});
