import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteSlice } from "../../src/mr/app/byte-slice.ts";
import { WordScan } from "../../src/mr/app/word-scan.ts";
import { words } from "../../src/mr/app/words.ts";
import { createKernel } from "../../src/mr/kernel/create-kernel.ts";

const text = fc
  .array(
    fc.oneof(
      fc.constantFrom("the", "Ünï", "語", "𝒜b", "x", " ", "\n", "-", "’", "e\u0301", "\ufffd", "1"),
      fc.string({ unit: "binary", maxLength: 3 }),
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(""));

function expected(bytes: Uint8Array): string[] {
  return (
    Buffer.from(bytes)
      .toString("utf8")
      .match(/\p{L}+/gu) ?? []
  );
}

function found(slice: ByteSlice): string[] {
  return Array.from(words(slice), (word) => word.toString());
}

describe("words", () => {
  it("finds in a string what the regular expression finds", () => {
    fc.assert(
      fc.property(text, (value) => {
        expect([...words(value)]).toEqual(value.match(/\p{L}+/gu) ?? []);
      }),
    );
  });

  it.each(["wasm", "plain"] as const)(
    "finds in any part of a block what the regular expression finds there (%s)",
    (kind) => {
      const kernel = createKernel({ kind, blockBytes: 4096 });
      const scan = new WordScan(kernel);
      const part = fc.tuple(fc.nat(400), fc.nat(400));
      fc.assert(
        fc.property(text, fc.array(part, { maxLength: 6 }), (value, parts) => {
          const bytes = Buffer.from(value);
          kernel.block.set(bytes);
          scan.reset(0, bytes.length);
          for (const [a, b] of [[0, bytes.length], ...parts] as const) {
            const start = Math.min(a, b, bytes.length);
            const end = Math.min(Math.max(a, b), bytes.length);
            const slice = new ByteSlice(kernel.block, start, end);
            slice.scan = scan;
            expect(found(slice)).toEqual(expected(bytes.subarray(start, end)));
          }
        }),
        { numRuns: 500 },
      );
    },
  );

  it("finds words in slices of other memory, and keeps nested loops apart", () => {
    const kernel = createKernel({ blockBytes: 64 });
    const scan = new WordScan(kernel);
    kernel.block.set(Buffer.from("ab cd"));
    scan.reset(0, 5);
    const slice = new ByteSlice(kernel.block, 0, 5);
    slice.scan = scan;
    const pairs: string[] = [];
    for (const a of words(slice)) for (const b of words(slice)) pairs.push(`${a}${b}`);
    expect(pairs).toEqual(["abab", "abcd", "cdab", "cdcd"]);
    expect(found(new ByteSlice(Buffer.from([0xc3, 0xa9, 0xff, 0x20, 0x78])))).toEqual(["é", "x"]);
  });
});
