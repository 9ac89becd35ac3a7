import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  copyBytes,
  copyPlainBytes,
  findQuoteOrBackslash,
  viewOf,
} from "../../src/mr/base/copy-bytes.ts";

/** Mostly plain, with what is special at any distance. */
const byte = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(0x20, 0x21, 0x23, 0x5b, 0x5d, 0x61, 0x7e, 0x7f) },
  { weight: 1, arbitrary: fc.constantFrom(0x22, 0x5c, 0x1f, 0x00, 0x80, 0xff, 0xa2, 0xdc) },
);

const source = fc.array(byte, { maxLength: 40 }).map((bytes) => Uint8Array.from(bytes));
const place = fc.nat(7);

function isPlain(value: number): boolean {
  return value >= 0x20 && value <= 0x7f && value !== 0x22 && value !== 0x5c;
}

describe("copying bytes", () => {
  it("copies just what it is told to, to wherever", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 700 }), place, place, (bytes, from, to) => {
        const start = Math.min(from, bytes.length);
        const target = new Uint8Array(800).fill(7);
        copyBytes(viewOf(target), to, bytes, start, bytes.length);
        const expected = new Uint8Array(800).fill(7);
        expected.set(bytes.subarray(start), to);
        expect(target).toEqual(expected);
      }),
    );
  });

  it("copies plain bytes up to the first that is not", () => {
    fc.assert(
      fc.property(source, place, place, (bytes, from, to) => {
        const start = Math.min(from, bytes.length);
        const special = bytes.findIndex((value, index) => index >= start && !isPlain(value));
        const end = special < 0 ? bytes.length : special;
        const target = new Uint8Array(60);
        expect(copyPlainBytes(viewOf(target), to, bytes, start, bytes.length)).toBe(end - start);
        const expected = new Uint8Array(60);
        expected.set(bytes.subarray(start, end), to);
        expect(target).toEqual(expected);
      }),
      { numRuns: 2000 },
    );
  });

  it("finds the first quote or backslash", () => {
    fc.assert(
      fc.property(source, place, (bytes, from) => {
        const start = Math.min(from, bytes.length);
        const found = bytes.findIndex(
          (value, at) => at >= start && (value === 0x22 || value === 0x5c),
        );
        const expected = found < 0 ? bytes.length : found;
        expect(findQuoteOrBackslash(viewOf(bytes), start, bytes.length)).toBe(expected);
      }),
      { numRuns: 2000 },
    );
  });
});
