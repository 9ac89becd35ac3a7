/** What the module offers to wasm-kernel.ts. */

import { openLines } from "./lines";
import { BLOCK, GUARD, MASKS, NO_ENTRY, openHeap } from "./memory";
import { copyBytes, findQuote as findQuoteIn, quoteBytes } from "./output";
import { openScan } from "./scan";
import { sortRanges as sortRangesInto } from "./sort";
import { keyAddress, keyLength, resetTable } from "./table";

export { scanLines } from "./lines";
export { allocate, BLOCK, LETTERS, PAGES, SCRATCH, SCRATCH_BYTES } from "./memory";
export { scanWords } from "./scan";
export { sortKeys } from "./sort";
export { intern, keyAddress, keyCount, keyHash, keyLength, resetTable, tableBytes } from "./table";

export let idsAt: usize = 0;
export let startsAt: usize = 0;
export let endsAt: usize = 0;
export let lineEndsAt: usize = 0;
export let outputAt: usize = 0;

/** Lays the memory out for a block and an output of so many bytes. Called once. */
export function open(capacity: u32, outputBytes: u32): void {
  for (let length: usize = 0; length <= 16; length++) {
    memory.fill(MASKS + (length << 4), 0xff, length);
  }
  store<u32>(NO_ENTRY, 0xffffffff, 16);
  // Eight positions are written at once, up to 64 for a chunk: some past the last.
  const wordBytes = ((<usize>capacity + 1) / 2 + 64) << 2;
  idsAt = (BLOCK + <usize>capacity + GUARD + 63) & ~63;
  startsAt = idsAt + wordBytes;
  endsAt = startsAt + wordBytes;
  lineEndsAt = endsAt + wordBytes;
  openScan(idsAt, startsAt, endsAt);
  openLines(lineEndsAt);
  outputAt = lineEndsAt + ((<usize>capacity + 64) << 2);
  openHeap(outputAt + <usize>outputBytes + GUARD);
  resetTable();
}

/** Writes the indexes of ranges [from, to) of `starts` and `ends`, sorted by their bytes, to `ids`. */
export function sortRanges(from: u32, to: u32): usize {
  return sortRangesInto(from, to, startsAt, endsAt, idsAt);
}

/** The position of the first quote or backslash in block[start, end), or `end`. */
export function findQuote(start: u32, end: u32): u32 {
  return <u32>(findQuoteIn(BLOCK + <usize>start, BLOCK + <usize>end) - BLOCK);
}

/** Copies block[start, end) to output[at...). @returns where the next byte goes */
export function writeRange(start: u32, end: u32, at: u32): u32 {
  const to = outputAt + <usize>at;
  return <u32>(copyBytes(BLOCK + <usize>start, BLOCK + <usize>end, to) - outputAt);
}

/** Writes block[start, end) as a JSON string. @returns where the next byte goes, or -1 */
export function quoteRange(start: u32, end: u32, at: u32): i32 {
  return quoted(BLOCK + <usize>start, end - start, at);
}

/** Writes a key as a JSON string. @returns where the next byte goes, or -1 */
export function quoteKey(id: u32, at: u32): i32 {
  return quoted(keyAddress(id), keyLength(id), at);
}

/** Copies a key. @returns where the next byte goes */
export function writeKey(id: u32, at: u32): u32 {
  const key = keyAddress(id);
  return <u32>(copyBytes(key, key + <usize>keyLength(id), outputAt + <usize>at) - outputAt);
}

function quoted(from: usize, length: u32, at: u32): i32 {
  const next = quoteBytes(from, from + <usize>length, outputAt + <usize>at);
  return next == 0 ? -1 : <i32>(next - outputAt);
}
