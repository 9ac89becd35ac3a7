import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createKernel } from "../../src/mr/kernel/create-kernel.ts";
import { brokenText, KINDS, text } from "./arbitraries.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

describe.each(KINDS)("the %s kernel, writing", (kind) => {
  const kernel = createKernel({ kind, blockBytes: 1 << 16 });

  it("writes bytes, and finds quotes among them", () => {
    const bytes = fc.array(fc.constantFrom(34, 92, 97, 98, 99, 200), { maxLength: 60 });
    fc.assert(
      fc.property(bytes, fc.nat(40), fc.nat(40), (values, start, at) => {
        kernel.block.fill(34);
        kernel.block.set(values, start);
        const end = start + values.length;
        const next = kernel.writeRange(start, end, at);
        expect(Array.from(kernel.output.subarray(at, next))).toEqual(values);
        const quote = values.findIndex((byte) => byte === 34 || byte === 92);
        expect(kernel.findQuote(start, end)).toBe(quote < 0 ? end : start + quote);
      }),
    );
  });

  it("writes JSON strings as JSON.stringify does, and says where bytes are not UTF-8", () => {
    const json = fc.oneof(
      text,
      brokenText,
      fc.string({ unit: "binary", maxLength: 50 }).map((value) => encoder.encode(value)),
      fc.array(fc.integer({ min: 0, max: 0x7f })).map((bytes) => Uint8Array.from(bytes)),
    );
    fc.assert(
      fc.property(json, fc.nat(40), fc.nat(40), (bytes, start, at) => {
        kernel.block.fill(0x80);
        kernel.block.set(bytes, start);
        const next = kernel.quoteRange(start, start + bytes.length, at);
        const id = kernel.intern(bytes, 0, bytes.length);
        const decoded = decoder.decode(bytes);
        if (Buffer.compare(bytes, encoder.encode(decoded)) !== 0) {
          expect([next, kernel.quoteKey(id, 3)]).toEqual([-1, -1]);
          return;
        }
        const quoted = JSON.stringify(decoded);
        expect(decoder.decode(kernel.output.slice(at, next))).toBe(quoted);
        expect(decoder.decode(kernel.output.slice(3, kernel.quoteKey(id, 3)))).toBe(quoted);
      }),
      { numRuns: 1000 },
    );
  });

  it("refuses to write past its output", () => {
    const { output } = kernel;
    expect(() => kernel.writeRange(0, 3, output.length - 2)).toThrow(RangeError);
    expect(() => kernel.quoteRange(0, 3, output.length - 19)).toThrow(RangeError);
    expect(kernel.quoteRange(0, 0, output.length - 2)).toBe(output.length);
    const id = kernel.internAscii("abc");
    expect(() => kernel.writeKey(id, output.length - 2)).toThrow(RangeError);
    expect(() => kernel.quoteKey(id, -1)).toThrow(RangeError);
  });
});
