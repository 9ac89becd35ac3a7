import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { StringScan } from "../../../src/mr/app/text/string-scan.ts";
import { scanStrings, WordIds } from "../../../src/mr/app/text/string-words.ts";
import { WordScan } from "../../../src/mr/app/text/word-scan.ts";
import { words } from "../../../src/mr/app/text/words.ts";
import { createKernel } from "../../../src/mr/kernel/create-kernel.ts";

/** Small, so that a text takes several parts. */
const BLOCK_BYTES = 1024;

function setUp() {
  const kernel = createKernel({ blockBytes: BLOCK_BYTES });
  const wordScan = new WordScan(kernel);
  const scan = new StringScan(wordScan);
  const ids = new WordIds(scan);
  scanStrings(scan);
  const clear = () => {
    kernel.clear();
    ids.clear();
    wordScan.renew();
  };
  const textOf = (id: number) => Buffer.from(kernel.key(id)).toString();
  return { kernel, wordScan, scan, ids, clear, textOf };
}

function expected(text: string): string[] {
  return text.match(/\p{L}+/gu) ?? [];
}

const part = fc.oneof(
  fc.constantFrom(
    "the",
    "Ünï",
    "語",
    "𝒜b",
    "x",
    " ",
    "\n",
    "-",
    "e\u0301",
    "\ufffd",
    "\ud800",
    "1",
  ),
  fc.string({ unit: "binary", maxLength: 3 }),
  fc.string({ unit: fc.constantFrom("a", "b"), minLength: 12, maxLength: 14 }),
);
/** Long enough for a scan; some have words that are longer than a block. */
const text = fc
  .tuple(fc.array(part, { minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 40 }))
  .map(([parts, times]) => `${parts.join("").repeat(times)}${".".repeat(256)}${parts.join("")}`);

function distinctWords(count: number): string[] {
  return Array.from({ length: count }, (_, n) =>
    n.toString(26).replace(/\d/g, (digit) => String.fromCharCode(0x71 + Number(digit))),
  );
}

describe("words of strings that the kernel finds", () => {
  afterEach(() => scanStrings(undefined));

  it("are those of the regular expression, and have the ids of their keys", () => {
    const { ids, textOf, scan } = setUp();
    let known = 0;
    fc.assert(
      fc.property(text, (value) => {
        const all: string[] = [];
        for (const word of words(value)) {
          const id = ids.find(word);
          if (scan.word === word) known += 1;
          if (id >= 0) expect(textOf(id)).toBe(word);
          all.push(word);
        }
        expect(all).toEqual(expected(value));
      }),
      { numRuns: 300 },
    );
    expect(known).toBeGreaterThan(1000);
  });

  it("stay the same when the table of keys is cleared between two of them", () => {
    const { ids, clear, textOf } = setUp();
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 50 }), (value, every) => {
        const all: string[] = [];
        for (const word of words(value)) {
          all.push(word);
          if (all.length % every === 0) clear();
          const id = ids.find(word);
          if (id >= 0) expect(textOf(id)).toBe(word);
        }
        expect(all).toEqual(expected(value));
      }),
    );
  });

  it("are found by several iterations at once, of which one has the block", () => {
    setUp();
    const order = fc.array(fc.nat({ max: 2 }), { maxLength: 200 });
    fc.assert(
      fc.property(fc.tuple(text, text, text), order, (texts, steps) => {
        const iterators: (Iterator<string> | undefined)[] = [undefined, undefined, undefined];
        const all: string[][] = [[], [], []];
        const step = (which: number) => {
          iterators[which] ??= words(texts[which] ?? "")[Symbol.iterator]();
          const { done, value } = iterators[which].next();
          if (done !== true) all[which]?.push(value);
          return done !== true;
        };
        for (const which of steps) step(which);
        for (let which = 0; which < 3; which++) while (step(which));
        expect(all).toEqual(texts.map(expected));
      }),
    );
  });

  it("go on without the block when another reader takes it", () => {
    const { wordScan, kernel } = setUp();
    fc.assert(
      fc.property(text, fc.nat(60), (value, count) => {
        const all: string[] = [];
        const iterator = words(value)[Symbol.iterator]();
        for (let n = 0; n < count; n++) {
          const { done, value: word } = iterator.next();
          if (done !== true) all.push(word);
        }
        scanStrings(undefined);
        kernel.block.fill(0x61);
        wordScan.reset(0, 0);
        for (let step = iterator.next(); step.done !== true; step = iterator.next()) {
          all.push(step.value);
        }
        expect(all).toEqual(expected(value));
      }),
    );
  });

  it("take no more memory for keys than the table has room for", () => {
    const { kernel, scan } = setUp();
    const limit = kernel.keyBytes + 20_000;
    scan.hasRoom = () => kernel.keyBytes <= limit;
    const value = distinctWords(20_000).join(" ");
    expect([...words(value)]).toEqual(expected(value));
    expect(kernel.keyBytes).toBeLessThan(limit + 64 * BLOCK_BYTES);
    expect(kernel.size).toBeLessThan(10_000);
  });

  it("are right for more keys than have their strings kept", () => {
    const { kernel } = setUp();
    const all = distinctWords(70_000);
    const value = [...all, ...all.slice(0, 6000), ...all.slice(-100)].join(" ");
    expect([...words(value)].join(" ")).toBe(value);
    expect(kernel.size).toBeGreaterThan(66_000);
  });
});
