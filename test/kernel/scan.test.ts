// Tests the methods of src/mr/kernel/kernel.ts that scan a block.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Kernel } from "../../src/mr/kernel/kernel.ts";
import { brokenText, text } from "./arbitraries.ts";
import { KERNELS } from "./kernels.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The words of the decoded text, as the engine's own regular expression finds them. */
function wordsByRegExp(bytes: Uint8Array): string[] {
  return decoder.decode(bytes).match(/\p{L}+/gu) ?? [];
}

function wordsByKernel(kernel: Kernel, bytes: Uint8Array, start = 0): string[] {
  kernel.block.fill(0x61);
  kernel.block.set(bytes, start);
  const count = kernel.scanWords(start, start + bytes.length);
  const words: string[] = [];
  for (let i = 0; i < count; i++) {
    const word = kernel.block.subarray(kernel.starts[i], kernel.ends[i]);
    const same = Buffer.compare(kernel.key(kernel.ids[i] ?? -1), word) === 0;
    if (!same) throw new Error(`word ${i} has the id of another key`);
    words.push(decoder.decode(word));
  }
  return words;
}

describe.each(KERNELS)("the %s kernel, scanning a block", (_, createKernel) => {
  const kernel = createKernel({ blockBytes: 1 << 16 });

  it("finds the words that the engine's regular expression finds, wherever they lie", () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 0, max: 130 }), (bytes, start) => {
        expect(wordsByKernel(kernel, bytes, start)).toEqual(wordsByRegExp(bytes));
      }),
      { numRuns: 400 },
    );
  });

  it("finds the words of the decoded text where the bytes are not UTF-8", () => {
    fc.assert(
      fc.property(brokenText, fc.integer({ min: 0, max: 70 }), (bytes, start) => {
        expect(wordsByKernel(kernel, bytes, start)).toEqual(wordsByRegExp(bytes));
      }),
      { numRuns: 1000 },
    );
  });

  it("agrees with the engine on every code point", () => {
    const codePoints = Array.from({ length: 0x110000 }, (_, i) => i);
    for (let page = 0; page < 0x110000; page += 4096) {
      const characters = codePoints
        .slice(page, page + 4096)
        .filter((codePoint) => codePoint < 0xd800 || codePoint > 0xdfff)
        .map((codePoint) => String.fromCodePoint(codePoint));
      const bytes = encoder.encode(characters.join("."));
      expect(wordsByKernel(kernel, bytes)).toEqual(wordsByRegExp(bytes));
    }
  });

  it("finds each line feed, wherever it lies", () => {
    const bytes = fc.array(fc.constantFrom(10, 10, 13, 97, 0x8a), { maxLength: 300 });
    fc.assert(
      fc.property(bytes, fc.integer({ min: 0, max: 130 }), (values, start) => {
        kernel.block.fill(10);
        kernel.block.set(values, start);
        const count = kernel.scanLines(start, start + values.length);
        const dumb = values.flatMap((byte, i) => (byte === 10 ? [start + i] : []));
        expect(Array.from(kernel.lineEnds.subarray(0, count))).toEqual(dumb);
      }),
    );
    kernel.block.fill(10);
    expect(kernel.scanLines(0, kernel.block.length)).toBe(kernel.block.length);
  });

  it("refuses to scan outside its block", () => {
    expect(() => kernel.scanWords(0, kernel.block.length + 1)).toThrow(
      /Cannot take \[0, 65537\) of 65536/,
    );
    expect(() => kernel.scanWords(2, 1)).toThrow(RangeError);
  });

  it("finds the most words a block can hold", () => {
    const kernel = createKernel({ blockBytes: 1001 });
    for (let i = 0; i < 1001; i++) kernel.block[i] = i % 2 === 0 ? 0x61 : 0x20;
    expect(kernel.scanWords(0, 1001)).toBe(501);
    expect([kernel.starts[500], kernel.ends[500]]).toEqual([1000, 1001]);
  });
});
