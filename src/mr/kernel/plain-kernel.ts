import { checkRange } from "./check-range.ts";
import type { Kernel } from "./kernel.ts";
import { BITMAP_BYTES, markLetters, PAGE_BITS } from "./letters.ts";
import { PlainTable } from "./plain-table.ts";

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

  /** @param blockBytes the capacity of the block */
  constructor(blockBytes: number) {
    super();
    const maxWords = (blockBytes + 1) >>> 1;
    this.block = new Uint8Array(blockBytes);
    this.ids = new Uint32Array(maxWords);
    this.starts = new Uint32Array(maxWords);
    this.ends = new Uint32Array(maxWords);
    this.lineEnds = new Uint32Array(blockBytes);
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

function widthOf(codePoint: number): number {
  if (codePoint < 0x80) return 1;
  if (codePoint < 0x800) return 2;
  return codePoint < 0x10000 ? 3 : 4;
}

/**
 * The character at `at`, which is beyond ASCII, or -1 where the Encoding Standard's decoder finds
 * an error. Taking one byte then, where the decoder may swallow up to three, makes the same words:
 * bytes swallowed can't begin a character.
 */
function decode(bytes: Uint8Array, at: number, end: number): number {
  const lead = bytes[at] ?? 0;
  if (lead < 0xc2 || lead > 0xf4) return -1;
  const second = at + 1 < end ? (bytes[at + 1] ?? 0) : 0;
  if ((second & 0xc0) !== 0x80) return -1;
  if (lead < 0xe0) return ((lead & 0x1f) << 6) | (second & 0x3f);
  const third = at + 2 < end ? (bytes[at + 2] ?? 0) : 0;
  if ((third & 0xc0) !== 0x80) return -1;
  if (lead < 0xf0) {
    const codePoint = ((lead & 0x0f) << 12) | ((second & 0x3f) << 6) | (third & 0x3f);
    const surrogate = codePoint >= 0xd800 && codePoint <= 0xdfff;
    return codePoint < 0x800 || surrogate ? -1 : codePoint;
  }
  const fourth = at + 3 < end ? (bytes[at + 3] ?? 0) : 0;
  if ((fourth & 0xc0) !== 0x80) return -1;
  const upper = ((lead & 0x07) << 18) | ((second & 0x3f) << 12);
  const codePoint = upper | ((third & 0x3f) << 6) | (fourth & 0x3f);
  return codePoint < 0x10000 || codePoint > 0x10ffff ? -1 : codePoint;
}
