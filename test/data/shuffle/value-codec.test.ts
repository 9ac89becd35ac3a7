import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteSlice } from "../../../src/mr/app/contract/byte-slice.ts";
import { ByteBuffer } from "../../../src/mr/base/byte-target.ts";
import { encodeUtf8 } from "../../../src/mr/base/utf8.ts";
import {
  decodeStored,
  encodeBytes,
  encodeValue,
} from "../../../src/mr/data/shuffle/value-codec.ts";

function roundTrip(value: unknown): unknown {
  const buffer = new ByteBuffer(4);
  buffer.ensure(3);
  buffer.length = 3;
  const isBytes = encodeValue(value, buffer);
  const text = buffer.bytes.toString("utf8", 3, buffer.length);
  expect(text).not.toMatch(/[\r\n]/);
  expect(() => JSON.parse(text)).not.toThrow();
  return decodeStored(buffer.bytes, 3, buffer.length, isBytes);
}

describe("the value codec", () => {
  it("carries any JSON value there and back", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        // JSON has no negative zero.
        const expected: unknown = JSON.parse(JSON.stringify(value));
        expect(roundTrip(value)).toEqual(expected);
      }),
    );
  });

  it("F25 carries any string there and back, lone surrogates included", () => {
    const unit = fc.oneof(
      fc.nat(0xffff).map((code) => String.fromCharCode(code)),
      fc.constantFrom("\ud800", "\udc00", "\0", '"', "\\", "\n", "\u2028", "\x7f", "a"),
    );
    const text = fc.array(unit, { maxLength: 100 }).map((units) => units.join(""));
    fc.assert(
      fc.property(text, (value) => {
        expect(roundTrip(value)).toBe(value);
      }),
    );
  });

  it("carries numbers of any size, -0 as 0", () => {
    const edges = fc.constantFrom(
      0,
      -0,
      9,
      10,
      99,
      100,
      2 ** 31 - 1,
      2 ** 31,
      -1,
      0.1,
      2 ** 53,
      5e-324,
    );
    const number = fc.oneof(
      edges,
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
    );
    fc.assert(
      fc.property(number, (value) => {
        expect(roundTrip(value)).toBe(value + 0);
      }),
    );
  });

  it("carries very long strings and deep values", () => {
    for (const text of ["x".repeat(1e6), '"'.repeat(1e5), "語".repeat(1e5)]) {
      expect(roundTrip(text)).toBe(text);
    }
    let deep: unknown = 1;
    for (let depth = 0; depth < 500; depth++) deep = [deep, { deep }.deep === 1 ? {} : null];
    expect(roundTrip(deep)).toEqual(deep);
  });

  it("F18 carries any bytes there and back, as a byte slice", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const value = roundTrip(new ByteSlice(bytes));
        expect(value).toBeInstanceOf(ByteSlice);
        expect([...(value as ByteSlice).view()]).toEqual([...bytes]);
      }),
    );
  });

  it("F18 gives different keys different texts, however they are encoded", () => {
    const tricky = fc.array(
      fc.constantFrom(0xed, 0xa0, 0x80, 0xb0, 0xf0, 0x90, 0xff, 0x61, 0xc3, 0xa9, 0x22, 0x5c),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(tricky, (key) => {
        const buffer = new ByteBuffer(1);
        encodeBytes(Uint8Array.from(key), 0, key.length, buffer);
        const decoded = decodeStored(buffer.bytes, 0, buffer.length, true) as ByteSlice;
        expect([...decoded.view()]).toEqual(key);
      }),
      { numRuns: 2000 },
    );
  });

  it("writes a key that is a string as just that string", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (key) => {
        const buffer = new ByteBuffer(1);
        const bytes = encodeUtf8(key);
        encodeBytes(bytes, 0, bytes.length, buffer);
        expect(JSON.parse(buffer.bytes.toString("utf8", 0, buffer.length))).toBe(key);
      }),
    );
  });
});
