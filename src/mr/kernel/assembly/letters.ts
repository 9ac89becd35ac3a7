/**
 * Letters beyond ASCII. Which code points match \p{L} is asked of the engine that runs this, page
 * by page, so that the words found are those its own regular expressions find.
 */

import { LETTERS, PAGES } from "./memory";

/** Sets the bits of the 4096 code points of a page, and marks the page as known. */
@external("kernel", "loadPage")
declare function loadPage(page: u32): void;

/** Bits that a character of the last chunk sets in the next, and how many bytes of it that took. */
export let carriedBits: u64 = 0;
export let carriedBytes: u32 = 0;

export function resetCarried(): void {
  carriedBits = 0;
  carriedBytes = 0;
}

/**
 * The bits of all bytes of letters beyond ASCII in the chunk at `chunk`.
 *
 * @param high the bytes of the chunk that have their upper bit set
 * @param limit the end of the text, past which no byte is read
 */
export function lettersBeyondAscii(chunk: usize, high: u64, limit: usize): u64 {
  let letters = carriedBits;
  let left = high & ((<u64>-1) << <u64>carriedBytes);
  resetCarried();
  while (left != 0) {
    const offset = ctz(left);
    const found = character(chunk + <usize>offset, limit);
    const width = <u64>(found >> 1);
    const run = ((<u64>1 << width) - 1) * <u64>(found & 1);
    letters |= run << offset;
    const next = offset + width;
    if (next >= 64) {
      carriedBytes = <u32>(next - 64);
      carriedBits = next > 64 ? run >> (64 - offset) : 0;
      break;
    }
    left &= (<u64>-1) << next;
  }
  return letters;
}

/**
 * Decodes one character of UTF-8 as the Encoding Standard does. What is not UTF-8 is one byte wide
 * and no letter: the bytes a decoder would swallow along with it can't begin a character, so the
 * words come out the same.
 * @returns twice its width in bytes, plus one if it is a letter
 */
function character(at: usize, limit: usize): u32 {
  const lead = <u32>load<u8>(at);
  if (lead < 0xc2 || lead > 0xf4) return 2;
  if (limit - at < 2) return 2;
  const second = <u32>load<u8>(at, 1);
  if (lead < 0xe0) {
    if ((second & 0xc0) != 0x80) return 2;
    return 4 | isLetter(((lead & 0x1f) << 6) | (second & 0x3f));
  }
  if (limit - at < 3) return 2;
  const third = <u32>load<u8>(at, 2);
  if ((third & 0xc0) != 0x80) return 2;
  if (lead < 0xf0) {
    const lowest: u32 = lead == 0xe0 ? 0xa0 : 0x80;
    const highest: u32 = lead == 0xed ? 0x9f : 0xbf;
    if (second < lowest || second > highest) return 2;
    return 6 | isLetter(((lead & 0x0f) << 12) | ((second & 0x3f) << 6) | (third & 0x3f));
  }
  const lowest: u32 = lead == 0xf0 ? 0x90 : 0x80;
  const highest: u32 = lead == 0xf4 ? 0x8f : 0xbf;
  if (second < lowest || second > highest || limit - at < 4) return 2;
  const fourth = <u32>load<u8>(at, 3);
  if ((fourth & 0xc0) != 0x80) return 2;
  const upper = ((lead & 0x07) << 18) | ((second & 0x3f) << 12);
  return 8 | isLetter(upper | ((third & 0x3f) << 6) | (fourth & 0x3f));
}

@inline
function isLetter(codePoint: u32): u32 {
  const page = codePoint >> 12;
  if (load<u8>(PAGES + <usize>page) == 0) loadPage(page);
  return (<u32>load<u8>(LETTERS + <usize>(codePoint >> 3)) >> (codePoint & 7)) & 1;
}
