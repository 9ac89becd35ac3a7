/** Code points are looked up by pages of this many bits, when the first of a page is needed. */
const PAGE_BITS = 12;
const PAGE = 1 << PAGE_BITS;

/** The size of a bitmap of all code points, in bytes. */
export const BITMAP_BYTES = 0x110000 / 8;

/**
 * Sets the bits of the code points of a page that match `\p{L}` in this engine. So words are those of its
 * regular expressions, whatever its Unicode version.
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

/** All code points of a page, except surrogates. */
function pageText(first: number): string {
  const codePoints: number[] = [];
  for (let codePoint = first; codePoint < first + PAGE; codePoint++) {
    if (codePoint < 0xd800 || codePoint > 0xdfff) codePoints.push(codePoint);
  }
  return String.fromCodePoint(...codePoints);
}

export const NO_LETTER = 0;
export const LETTER = 1;
const BEYOND_ASCII = 2;

export const CLASSES = new Uint8Array(256).map((_, byte) => {
  if (byte > 0x7f) return BEYOND_ASCII;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x7a ? LETTER : NO_LETTER;
});

const pagesKnown = new Set<number>();
let letters = new Uint8Array(0);

/** Whether a code point matches `\p{L}`; −1, which stands for malformed bytes, does not. */
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

/** The first position of bytes[from, end) where a letter begins, or else what is no letter; `end` if there is none. */
export function findEdge(bytes: Uint8Array, from: number, end: number, wanted: number): number {
  for (let at = from; at < end; ) {
    const kind = CLASSES[bytes[at] ?? 0];
    if (kind === wanted) return at;
    if (kind !== BEYOND_ASCII) {
      at += 1;
      continue;
    }
    const codePoint = decode(bytes, at, end);
    if (isLetter(codePoint) === (wanted === LETTER)) return at;
    at += widthOf(codePoint);
  }
  return end;
}

export function widthOf(codePoint: number): number {
  if (codePoint < 0x80) return 1;
  if (codePoint < 0x800) return 2;
  return codePoint < 0x10000 ? 3 : 4;
}

/**
 * The non-ASCII character at `at`; -1 if the Encoding Standard's decoder finds an error there. Callers then
 * skip one byte where that decoder may skip up to three, which finds the same words: the skipped bytes
 * cannot begin a character.
 */
export function decode(bytes: Uint8Array, at: number, end: number): number {
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
