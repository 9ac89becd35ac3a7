import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteSlice } from "../../../src/mr/app/contract/byte-slice.ts";
import { WordScan } from "../../../src/mr/app/text/word-scan.ts";
import { words } from "../../../src/mr/app/text/words.ts";
import { createKernel } from "../../../src/mr/kernel/create-kernel.ts";
import { memoryInUse } from "../../support/memory.ts";

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

  it("finds in any part of a block what the regular expression finds there", () => {
    const kernel = createKernel({ blockBytes: 4096 });
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
  });

  it("finds in a string words that were found before, and others that look like them", () => {
    const letter = fc.constantFrom("a", "b", "A", "é", "ÿ", "ſ", "\u{1d49c}");
    const word = fc.string({ unit: letter, maxLength: 15 });
    fc.assert(
      fc.property(
        fc.array(word, { maxLength: 20 }),
        fc.constantFrom(" ", "\0", "–"),
        (all, gap) => {
          const value = all.join(gap);
          const found = value.match(/\p{L}+/gu) ?? [];
          expect([...words(value)]).toEqual(found);
          expect([...words(value)]).toEqual(found);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it("finds in a string more words than it remembers", () => {
    const letters = "abcdefghijklmnopqrstuvwxyz";
    const all = Array.from({ length: 50_000 }, (_, index) => {
      return Array.from(String(index * index), (digit) => letters[Number(digit)]).join("");
    });
    const value = all.join(" ");
    expect([...words(value)]).toEqual(all);
    expect([...words(value)]).toEqual(all);
  });

  it("finds in bytes of other memory, UTF-8 or not, what the regular expression finds", () => {
    const piece = fc.oneof(
      text.map((value) => Buffer.from(value)),
      fc.uint8Array({ maxLength: 4 }),
      fc
        .constantFrom([0xc3], [0xe8, 0xaa], [0xf0, 0x9d, 0x92], [0xed, 0xa0, 0x80])
        .map(Buffer.from),
    );
    fc.assert(
      fc.property(fc.array(piece), fc.nat(9), fc.nat(9), (pieces, before, after) => {
        const bytes = Buffer.concat(pieces);
        const start = Math.min(before, bytes.length);
        const end = Math.max(start, bytes.length - after);
        const slice = new ByteSlice(bytes, start, end);
        expect(found(slice)).toEqual(expected(bytes.subarray(start, end)));
      }),
      { numRuns: 1000 },
    );
  });

  it("finds a word that is as long as the text", () => {
    const word = "ä".repeat(300_000);
    expect([...words(word)]).toEqual([word]);
    expect(found(new ByteSlice(Buffer.from(word)))).toEqual([word]);
  });

  it("gives words of other memory that can be collected, and gone through again", () => {
    const all = words(new ByteSlice(Buffer.from("ab cd")));
    expect([...all].map(String)).toEqual(["ab", "cd"]);
    expect([...all].map(String)).toEqual(["ab", "cd"]);
    const ofString = words("ab cd ef");
    expect([...ofString]).toEqual([...ofString]);
    const some = ofString[Symbol.iterator]() as IterableIterator<string>;
    expect([some.next().value, ...some]).toEqual(["ab", "cd", "ef"]);
    expect([...some]).toEqual([]);
  });

  it("finds words one by one, so that those of a long text take no memory", () => {
    const bytes = Buffer.from("word after word ".repeat(500_000));
    const before = memoryInUse();
    let most = 0;
    let count = 0;
    for (const word of words(new ByteSlice(bytes))) {
      count += word.length > 0 ? 1 : 0;
      if (count % 500_000 === 1) most = Math.max(most, memoryInUse() - before);
    }
    expect(count).toBe(1_500_000);
    expect(most).toBeLessThan(1e6);
    const string = bytes.toString("latin1");
    const beforeString = memoryInUse();
    let mostOfString = 0;
    for (const word of words(string)) {
      count += word.length > 0 ? 1 : 0;
      if (count % 500_000 === 1)
        mostOfString = Math.max(mostOfString, memoryInUse() - beforeString);
    }
    expect(count).toBe(3_000_000);
    expect(mostOfString).toBeLessThan(2e6);
  });

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
