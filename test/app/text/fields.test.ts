import fc from "fast-check";
import { describe, expect, expectTypeOf, it } from "vitest";
import { ByteSlice, fields, splitText } from "../../../src/mr/index.ts";

/** A part of other bytes, as readers give it. */
function sliceOf(text: string): ByteSlice {
  const bytes = Buffer.from(`x \t${text};; y`);
  return new ByteSlice(bytes, 3, 3 + Buffer.byteLength(text));
}

const texts = fc.string({
  unit: fc.constantFrom("a", "bc", " ", "\t", "\n", "\r", ";", "é", "漢", "😀"),
});

describe("fields()", () => {
  it("finds what its regular expression finds, in strings and in bytes", () => {
    fc.assert(
      fc.property(texts, (text) => {
        const expected = text.match(/[^ \t\n]+/g) ?? [];
        expect([...fields(text)]).toEqual(expected);
        expect(Array.from(fields(sliceOf(text)), String)).toEqual(expected);
      }),
    );
  });

  it("gives slices of slices, and one for all of them", () => {
    expectTypeOf(fields("a b")).toEqualTypeOf<Iterable<string>>();
    const found = [...fields(sliceOf("a b"))];
    expectTypeOf(found).toEqualTypeOf<ByteSlice[]>();
    expect(found[0]).toBe(found[1]);
  });
});

describe("splitText()", () => {
  it("gives what the method of strings gives, of strings and of bytes", () => {
    const separators = fc.constantFrom(";", " ", ";;", "a", "é", "\t", "bcb", "😀");
    fc.assert(
      fc.property(texts, separators, (text, separator) => {
        const expected = text.split(separator);
        expect([...splitText(text, separator)]).toEqual(expected);
        expect(Array.from(splitText(sliceOf(text), separator), String)).toEqual(expected);
      }),
    );
  });

  it("keeps bytes that are not UTF-8", () => {
    const slice = new ByteSlice(Uint8Array.of(0xff, 0x3b, 0xc3, 0x3b));
    const parts = Array.from(splitText(slice, ";"), (part) => [...part.view()]);
    expect(parts).toEqual([[0xff], [0xc3], []]);
  });

  it("refuses an empty separator", () => {
    expect(() => splitText("ab", "")).toThrow("splitText: the separator is empty");
  });
});
