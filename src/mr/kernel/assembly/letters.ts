/**
 * Letters beyond ASCII. The JavaScript engine says which code points match \p{L}, page by page, so the words
 * are those that its regular expressions find.
 */

import { LETTERS, PAGES } from "./memory";
import { decode, NOT_UTF8, widthOf } from "./utf8";

/** Sets the bits of the 4096 code points of a page, and marks the page as known. */
@external("kernel", "loadPage")
declare function loadPage(page: u32): void;

/** The bits that the last character of a chunk sets in the next chunk, and the number of its bytes there. */
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
    const codePoint = decode(chunk + <usize>offset, limit);
    // A decoder may take up to three bytes for one error. Taking one finds the same words, because the
    // other bytes cannot begin a character.
    const width: u64 = codePoint == NOT_UTF8 ? 1 : <u64>widthOf(codePoint);
    const letter: u64 = codePoint == NOT_UTF8 ? 0 : <u64>isLetter(codePoint);
    const run = ((<u64>1 << width) - 1) * letter;
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

@inline
function isLetter(codePoint: u32): u32 {
  const page = codePoint >> 12;
  if (load<u8>(PAGES + <usize>page) == 0) loadPage(page);
  return (<u32>load<u8>(LETTERS + <usize>(codePoint >> 3)) >> (codePoint & 7)) & 1;
}
