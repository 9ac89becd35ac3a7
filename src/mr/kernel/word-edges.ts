import { BITMAP_BYTES, markLetters, PAGE_BITS } from "./letters.ts";
import { decode, widthOf } from "./utf8.ts";

export const NO_LETTER = 0;
export const LETTER = 1;
const BEYOND_ASCII = 2;

/** What each byte says by itself. */
export const CLASSES = new Uint8Array(256).map((_, byte) => {
  if (byte > 0x7f) return BEYOND_ASCII;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x7a ? LETTER : NO_LETTER;
});

const pagesKnown = new Set<number>();
let letters = new Uint8Array(0);

/** Whether a code point matches `\p{L}`; −1, for what is none, does not. */
export function isLetter(codePoint: number): boolean {
  if (codePoint < 0) return false;
  const page = codePoint >> PAGE_BITS;
  if (!pagesKnown.has(page)) {
    if (letters.length === 0) letters = new Uint8Array(BITMAP_BYTES);
    markLetters(letters, page);
    pagesKnown.add(page);
  }
  return (((letters[codePoint >> 3] ?? 0) >> (codePoint & 7)) & 1) === 1;
}

/** Where the first word of bytes[from, end) begins; `end` where there is none. */
export function findWord(bytes: Uint8Array, from: number, end: number): number {
  for (let at = from; at < end; ) {
    const kind = CLASSES[bytes[at] ?? 0];
    if (kind === LETTER) return at;
    if (kind === NO_LETTER) {
      at += 1;
      continue;
    }
    const codePoint = decode(bytes, at, end);
    if (isLetter(codePoint)) return at;
    at += widthOf(codePoint);
  }
  return end;
}

/** Where the word that begins at `start` ends: `end` at the latest. */
export function findWordEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end) {
    const kind = CLASSES[bytes[at] ?? 0];
    if (kind === LETTER) {
      at += 1;
      continue;
    }
    if (kind === NO_LETTER) return at;
    const codePoint = decode(bytes, at, end);
    if (!isLetter(codePoint)) return at;
    at += widthOf(codePoint);
  }
  return end;
}
