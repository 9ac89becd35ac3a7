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

/** The order of ASCII text by its bytes. */
function compareText(a = "", b = ""): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
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
          const next = kernel.writeKey(id, 1);
          expect(next).toBe(bytes.length + 1);
          expect(Buffer.compare(kernel.output.subarray(1, next), bytes)).toBe(0);
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

  it("sorts ranges of the block by their bytes, equal ones as they come", () => {
    fc.assert(
      fc.property(fc.array(key, { maxLength: 300 }), fc.nat(9), (keys, from) => {
        let at = 3;
        keys.forEach((bytes, i) => {
          kernel.starts[from + i] = at;
          kernel.block.set(bytes, at);
          at += bytes.length;
          kernel.ends[from + i] = at;
        });
        kernel.sortRanges(from, from + keys.length);
        const dumb = keys
          .map((_, i) => i)
          .sort((a, b) => Buffer.compare(keys[a] ?? new Uint8Array(), keys[b] ?? new Uint8Array()));
        const sorted = Array.from(kernel.ids.subarray(from, from + keys.length));
        expect(sorted).toEqual(dumb.map((i) => from + i));
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

  it("interns a key that lies in its own block", () => {
    kernel.block.set(encoder.encode("here"), 5);
    const id = kernel.intern(kernel.block, 5, 9);
    expect(kernel.internAscii("here")).toBe(id);
  });

  it("refuses to scan outside its block", () => {
    expect(() => kernel.scanWords(0, kernel.block.length + 1)).toThrow(
      /Cannot take \[0, 65537\) of 65536/,
    );
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

  it.each([
    ["random", (i: number) => `${Math.imul(i, 0x9e3779b1) >>> 0}`],
    ["with a long common prefix", (i: number) => `${"http://www.".repeat(5)}${i % 5000}`],
    ["mostly equal", (i: number) => "same".repeat(1 + (i % 7))],
    ["in order", (i: number) => String(i).padStart(12, "0")],
  ])("sorts many keys: %s", (_, nameOf) => {
    const count = 70_000;
    const kernel = createKernel({ kind, blockBytes: 8 << 20 });
    const block = Buffer.from(kernel.block.buffer, kernel.block.byteOffset, kernel.block.length);
    let at = 0;
    for (let i = 0; i < count; i++) {
      kernel.starts[i] = at;
      at += block.write(nameOf(i), at, "latin1");
      kernel.ends[i] = at;
      kernel.intern(kernel.block, kernel.starts[i] ?? 0, at);
    }
    const names = Array.from({ length: count }, (__, i) => nameOf(i));
    const dumb = names.map((__, i) => i).sort((a, b) => compareText(names[a], names[b]) || a - b);
    kernel.sortRanges(0, count);
    expect(Array.from(kernel.ids.subarray(0, count))).toEqual(dumb);
    const distinct = [...new Set(dumb.map((i) => names[i]))];
    const sorted = Array.from(kernel.sortedIds(), (id) => Buffer.from(kernel.key(id)).toString());
    expect(sorted).toEqual(distinct);
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
    expect(() => createKernel({ outputBytes: 1.5 })).toThrow(/outputBytes is 1.5/);
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
