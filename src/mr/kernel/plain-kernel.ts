import { checkRange, quotedBytes } from "./check-range.ts";
import type { Kernel } from "./kernel.ts";
import { BITMAP_BYTES, markLetters, PAGE_BITS } from "./letters.ts";
import { copyBytes, findQuote, quoteBytes } from "./plain-output.ts";
import { PlainTable, prefixOf } from "./plain-table.ts";
import { decode, widthOf } from "./utf8.ts";

const NO_LETTER = 0;
const LETTER = 1;
const BEYOND_ASCII = 2;

/** What each byte says by itself. */
const CLASSES = new Uint8Array(256).map((_, byte) => {
  if (byte > 0x7f) return BEYOND_ASCII;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x7a ? LETTER : NO_LETTER;
});

const pagesKnown = new Set<number>();
let letters = new Uint8Array(0);

/** The kernel in plain TypeScript, for engines without WebAssembly SIMD. */
export class PlainKernel extends PlainTable implements Kernel {
  readonly kind = "plain";
  readonly block: Uint8Array;
  readonly ids: Uint32Array;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  readonly lineEnds: Uint32Array;
  readonly output: Uint8Array;

  /**
   * @param blockBytes the capacity of the block
   * @param outputBytes the capacity of the output
   */
  constructor(blockBytes: number, outputBytes: number) {
    super();
    const maxWords = (blockBytes + 1) >>> 1;
    this.block = new Uint8Array(blockBytes);
    this.ids = new Uint32Array(maxWords);
    this.starts = new Uint32Array(maxWords);
    this.ends = new Uint32Array(maxWords);
    this.lineEnds = new Uint32Array(blockBytes);
    this.output = new Uint8Array(outputBytes);
  }

  scanLines(start: number, end: number): number {
    const { block, lineEnds } = this;
    checkRange(block, start, end);
    let count = 0;
    for (let at = start; at < end; at++) {
      if (block[at] === 10) lineEnds[count++] = at;
    }
    return count;
  }

  findQuote(start: number, end: number): number {
    checkRange(this.block, start, end);
    return findQuote(this.block, start, end);
  }

  writeRange(start: number, end: number, at: number): number {
    checkRange(this.block, start, end);
    checkRange(this.output, at, at + end - start);
    return copyBytes(this.block, start, end, this.output, at);
  }

  writeKey(id: number, at: number): number {
    const key = this.key(id);
    checkRange(this.output, at, at + key.length);
    return copyBytes(key, 0, key.length, this.output, at);
  }

  quoteRange(start: number, end: number, at: number): number {
    checkRange(this.block, start, end);
    checkRange(this.output, at, at + quotedBytes(end - start));
    return quoteBytes(this.block, start, end, this.output, at);
  }

  quoteKey(id: number, at: number): number {
    const key = this.key(id);
    checkRange(this.output, at, at + quotedBytes(key.length));
    return quoteBytes(key, 0, key.length, this.output, at);
  }

  sortRanges(from: number, to: number): void {
    const { block, ids, starts, ends } = this;
    checkRange(ids, from, to);
    const prefixes = new Float64Array(to - from);
    for (let i = from; i < to; i++) {
      ids[i] = i;
      prefixes[i - from] = prefixOf(block, starts[i] ?? 0, ends[i] ?? 0);
    }
    const bytes = Buffer.from(block.buffer, block.byteOffset, block.length);
    ids.subarray(from, to).sort((a, b) => {
      const order = (prefixes[a - from] ?? 0) - (prefixes[b - from] ?? 0);
      return order || bytes.compare(bytes, starts[b], ends[b], starts[a], ends[a]) || a - b;
    });
  }

  scanWords(start: number, end: number): number {
    const { block, ids, starts, ends } = this;
    checkRange(block, start, end);
    let count = 0;
    let at = start;
    while (at < end) {
      const wordStart = at;
      let hash = 0x811c9dc5 | 0;
      let width = 1;
      while (at < end) {
        const byte = block[at] ?? 0;
        const kind = CLASSES[byte];
        if (kind === LETTER) {
          hash = Math.imul(hash ^ byte, 0x01000193);
          at++;
          continue;
        }
        if (kind === NO_LETTER) break;
        const codePoint = decode(block, at, end);
        width = widthOf(codePoint);
        if (!isLetter(codePoint)) break;
        for (const next = at + width; at < next; at++) {
          hash = Math.imul(hash ^ (block[at] ?? 0), 0x01000193);
        }
        width = 1;
      }
      if (at > wordStart) {
        ids[count] = this.internHashed(block, wordStart, at, hash);
        starts[count] = wordStart;
        ends[count++] = at;
      }
      at += width;
    }
    return count;
  }
}

function isLetter(codePoint: number): boolean {
  if (codePoint < 0) return false;
  const page = codePoint >> PAGE_BITS;
  if (!pagesKnown.has(page)) {
    if (letters.length === 0) letters = new Uint8Array(BITMAP_BYTES);
    markLetters(letters, page);
    pagesKnown.add(page);
  }
  return (((letters[codePoint >> 3] ?? 0) >> (codePoint & 7)) & 1) === 1;
}
