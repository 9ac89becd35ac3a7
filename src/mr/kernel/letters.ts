/** Code points per page: what is asked of the engine at once, when one of them first turns up. */
export const PAGE_BITS = 12;
const PAGE = 1 << PAGE_BITS;

/** Bytes of a bitmap of all code points. */
export const BITMAP_BYTES = 0x110000 / 8;

/**
 * Sets the bits of the code points of a page that match `\p{L}` in the engine that runs this, so
 * that words are the same as those of its regular expressions, whatever its Unicode version.
 *
 * @param bitmap one bit per code point, the lowest bit of a byte first
 * @param page the code points from 4096 × page on
 */
export function markLetters(bitmap: Uint8Array, page: number): void {
  const first = page * PAGE;
  for (const run of pageText(first).matchAll(/\p{L}+/gu)) {
    for (const letter of run[0]) {
      const codePoint = letter.codePointAt(0) ?? 0;
      bitmap[codePoint >> 3] = (bitmap[codePoint >> 3] ?? 0) | (1 << (codePoint & 7));
    }
  }
}

/** All code points of a page; surrogates, which are none, are left out. */
function pageText(first: number): string {
  const codePoints: number[] = [];
  for (let codePoint = first; codePoint < first + PAGE; codePoint++) {
    if (codePoint < 0xd800 || codePoint > 0xdfff) codePoints.push(codePoint);
  }
  return String.fromCodePoint(...codePoints);
}
