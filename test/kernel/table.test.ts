// Tests the key table of src/mr/kernel/kernel.ts.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { WasmKernel } from "../../src/mr/kernel/wasm-kernel.ts";
import { key } from "./arbitraries.ts";
import { KERNELS } from "./kernels.ts";

const encoder = new TextEncoder();

/** FNV-1a by the book, in arbitrary precision. */
function fnvByTheBook(bytes: Uint8Array): number {
  let hash = 0x811c9dc5n;
  for (const byte of bytes) hash = ((hash ^ BigInt(byte)) * 0x01000193n) & 0xffffffffn;
  return Number(hash & 0x7fffffffn);
}

describe.each(KERNELS)("the %s kernel, interning keys", (_, createKernel) => {
  const kernel = createKernel({ blockBytes: 1 << 16 });

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

  it("interns a key that lies in its own block", () => {
    kernel.block.set(encoder.encode("here"), 5);
    const id = kernel.intern(kernel.block, 5, 9);
    expect(kernel.internAscii("here")).toBe(id);
  });

  it("keeps its keys and its views of the block through growth, and is empty after clear", () => {
    const kernel = createKernel({ blockBytes: 4096 });
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
});

describe("a wasm kernel out of memory", () => {
  it.each([
    ["short", 100, (i: number) => `key ${i}`],
    ["short, with little room for slots", 24, (i: number) => `key ${i}`],
    ["long", 200, (i: number) => `${"long ".repeat(200)}${i}`],
    ["huge", 300, (i: number) => `${"huge ".repeat(60_000)}${i}`],
  ])("says so, keeps the keys it has, and works again after clear: %s keys", (_, pages, nameOf) => {
    const kernel = new WasmKernel(100, 100, pages);
    for (const round of [1, 2]) {
      let count = 0;
      expect(() => {
        while (count < 10_000_000) {
          if (kernel.internAscii(nameOf(count)) !== count) throw new Error(`wrong id in ${round}`);
          count++;
        }
      }).toThrow(/Cannot add a key to a table of \d+ keys in \d+ MiB: its memory is full/);
      expect(kernel.size).toBe(count);
      expect(count).toBeGreaterThan(10);
      for (let i = 0; i < count; i += 1 + (i >> 3)) expect(kernel.internAscii(nameOf(i))).toBe(i);
      kernel.clear();
    }
  });

  it("says so when the words of a block are too many", () => {
    const kernel = new WasmKernel(1 << 20, 100, 250);
    const block = Buffer.from(kernel.block.buffer, kernel.block.byteOffset, kernel.block.length);
    expect(() => {
      for (let i = 0; i < 1000; i++) {
        const words = Array.from({ length: 30_000 }, (_, j) => letters(i * 30_000 + j));
        kernel.scanWords(0, block.write(words.join(" "), "latin1"));
      }
    }).toThrow(/its memory is full/);
    kernel.clear();
    expect(kernel.scanWords(0, block.write("some words", "latin1"))).toBe(2);
  });
});

/** A word for each number. */
function letters(n: number): string {
  return String(n).replace(/\d/g, (digit) => "abcdefghij".charAt(Number(digit)));
}
