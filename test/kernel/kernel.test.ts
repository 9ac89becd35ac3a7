import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createKernel } from "../../src/mr/kernel/create-kernel.ts";
import type { Kernel } from "../../src/mr/kernel/kernel.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const KINDS = ["wasm", "plain"] as const;

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
    expect(Buffer.compare(kernel.key(kernel.ids[i] ?? -1), word)).toBe(0);
    words.push(decoder.decode(word));
  }
  return words;
}

/** FNV-1a by the book, in arbitrary precision. */
function fnvByTheBook(bytes: Uint8Array): number {
  let hash = 0x811c9dc5n;
  for (const byte of bytes) hash = ((hash ^ BigInt(byte)) * 0x01000193n) & 0xffffffffn;
  return Number(hash & 0x7fffffffn);
}

/** Text in which words, separators and every script are likely. */
const text = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: fc.stringMatching(/^[a-zA-Z]{0,20}$/) },
      { weight: 3, arbitrary: fc.constantFrom(" ", "\n", "\r\n", "-", "0", "\0", "_", "’", "é") },
      { weight: 2, arbitrary: fc.string({ unit: "binary", maxLength: 8 }) },
      { weight: 1, arbitrary: fc.constantFrom("слово", "語", "שלום", "𝒳", "𐐷", "ǅ", "e\u0301") },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 200 }).map((n) => "x".repeat(n)) },
    ),
    { maxLength: 60 },
  )
  .map((parts) => encoder.encode(parts.join("")));

/** Bytes that are nearly UTF-8: truncated, overlong, surrogates, beyond the last code point. */
const brokenText = fc
  .array(
    fc.oneof(
      fc.constantFrom<readonly number[]>(
        [0x61],
        [0x20],
        [0xc3],
        [0xc3, 0xa9],
        [0xc0, 0xaf],
        [0xe0, 0x80, 0xaf],
        [0xe0, 0xa4, 0x85],
        [0xe8, 0xaa],
        [0xed, 0xa0, 0x80],
        [0xf0, 0x9d, 0x92, 0xb3],
        [0xf0, 0x9d, 0x92],
        [0xf0, 0x8f, 0xbf, 0xbf],
        [0xf4, 0x90, 0x80, 0x80],
        [0xf5, 0x80, 0x80, 0x80],
        [0xef, 0xbb, 0xbf],
        [0xff],
        [0x80],
      ),
      fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 5 }),
      fc.integer({ min: 0xc0, max: 0xff }).map((byte) => [byte]),
    ),
    { maxLength: 120 },
  )
  .map((parts) => Uint8Array.from(parts.flat()));

const key = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.array(fc.constantFrom(0, 0x61, 0xff), { maxLength: 20 }).map((k) => Uint8Array.from(k)),
  fc.tuple(fc.integer({ min: 0, max: 70 }), fc.uint8Array({ maxLength: 4 })).map(([n, tail]) => {
    return Uint8Array.from([...new Uint8Array(n).fill(0x62), ...tail]);
  }),
);

describe.each(KINDS)("the %s kernel", (kind) => {
  const kernel = createKernel({ kind, blockBytes: 1 << 16 });

  it("is the kind that was asked for", () => {
    expect(kernel.kind).toBe(kind);
  });

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

  it("gives equal keys the same id, others the next, and gives each key back", () => {
    fc.assert(
      fc.property(fc.array(key, { maxLength: 80 }), (keys) => {
        kernel.clear();
        const ids = new Map<string, number>();
        for (const bytes of keys) {
          const name = Buffer.from(bytes).toString("latin1");
          const padded = Uint8Array.from([7, ...bytes, 9]);
          const id = kernel.intern(padded, 1, 1 + bytes.length);
          expect(id).toBe(ids.get(name) ?? ids.size);
          ids.set(name, id);
          expect(Buffer.compare(kernel.key(id), bytes)).toBe(0);
          expect(kernel.keyLength(id)).toBe(bytes.length);
          expect(kernel.keyHash(id)).toBe(fnvByTheBook(bytes));
          const target = new Uint8Array(bytes.length + 2);
          expect(kernel.copyKey(id, target, 1)).toBe(bytes.length + 1);
          expect(Buffer.compare(target, Uint8Array.from([0, ...bytes, 0]))).toBe(0);
        }
        expect(kernel.size).toBe(ids.size);
      }),
    );
  });

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

  it("hashes keys as the lab does", () => {
    const hashes = { a: 1678518572, the: 873378332, A: 1141634764, é: 513665217 };
    for (const [word, hash] of Object.entries(hashes)) {
      const bytes = encoder.encode(word);
      expect(kernel.keyHash(kernel.intern(bytes, 0, bytes.length))).toBe(hash);
    }
  });

  it("interns ASCII text as its bytes, and leaves other text to the caller", () => {
    const bytes = encoder.encode("some text\0");
    expect(kernel.internAscii("some text\0")).toBe(kernel.intern(bytes, 0, bytes.length));
    expect(kernel.internAscii("é")).toBe(-1);
    const { size } = kernel;
    expect(kernel.internAscii("x".repeat(100_000))).toBe(size);
    expect(kernel.internAscii("x".repeat(100_000))).toBe(size);
    expect(kernel.keyLength(size)).toBe(100_000);
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

  it("interns a key that lies in its own block", () => {
    kernel.block.set(encoder.encode("here"), 5);
    const id = kernel.intern(kernel.block, 5, 9);
    expect(kernel.internAscii("here")).toBe(id);
  });

  it("refuses to scan outside its block", () => {
    expect(() => kernel.scanWords(0, kernel.block.length + 1)).toThrow(/Cannot scan \[0, 65537\)/);
    expect(() => kernel.scanWords(2, 1)).toThrow(RangeError);
  });
});

describe.each(KINDS)("a %s kernel that grows", (kind) => {
  it("keeps its keys and its views of the block through growth, and is empty after clear", () => {
    const kernel = createKernel({ kind, blockBytes: 4096 });
    const { block, ids, starts, ends } = kernel;
    block.set(encoder.encode("one two"));
    expect(kernel.scanWords(0, 7)).toBe(2);
    const long = new Uint8Array(3_000_000).fill(0x7a);
    for (const round of [1, 2]) {
      if (round === 2) kernel.clear();
      const first = kernel.size;
      for (let i = 0; i < 300_000; i++) kernel.internAscii(`key ${i * 7919} of round ${round}`);
      const longId = kernel.intern(long, 0, long.length);
      expect(kernel.internAscii("")).toBe(longId + 1);
      for (let i = 0; i < 300_000; i += 997) {
        const id = kernel.internAscii(`key ${i * 7919} of round ${round}`);
        expect(id).toBe(first + i);
      }
      expect(Buffer.compare(kernel.key(longId), long)).toBe(0);
      expect(kernel.size).toBe(first + 300_002);
      expect(kernel.keyBytes).toBeGreaterThan(10_000_000);
      expect([kernel.block, kernel.ids]).toEqual([block, ids]);
      expect([...block.subarray(0, 7)]).toEqual([...encoder.encode("one two")]);
      expect([starts[1], ends[1]]).toEqual([4, 7]);
    }
    kernel.clear();
    expect(kernel.size).toBe(0);
    expect(kernel.sortedIds()).toHaveLength(0);
    expect(kernel.internAscii("one")).toBe(0);
  });

  it("finds the most words a block can hold", () => {
    const kernel = createKernel({ kind, blockBytes: 1001 });
    for (let i = 0; i < 1001; i++) kernel.block[i] = i % 2 === 0 ? 0x61 : 0x20;
    expect(kernel.scanWords(0, 1001)).toBe(501);
    expect([kernel.starts[500], kernel.ends[500]]).toEqual([1000, 1001]);
  });
});

describe("createKernel", () => {
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.unstubAllGlobals();
  });

  it("refuses what it can't make, and says what it was", () => {
    expect(() => createKernel({ blockBytes: 0 })).toThrow(/blockBytes is 0/);
    vi.stubEnv("TSMR_KERNEL", "fast");
    expect(() => createKernel()).toThrow(/no kind "fast"/);
  });

  it("takes WebAssembly unless told otherwise", () => {
    expect(createKernel({ blockBytes: 10 }).kind).toBe("wasm");
    vi.stubEnv("TSMR_KERNEL", "plain");
    expect(createKernel().kind).toBe("plain");
  });

  it("falls back to plain TypeScript in an engine without WebAssembly", () => {
    vi.stubGlobal("WebAssembly", undefined);
    expect(createKernel().kind).toBe("plain");
    expect(() => createKernel({ kind: "wasm" })).toThrow(/this engine has none/);
  });
});
