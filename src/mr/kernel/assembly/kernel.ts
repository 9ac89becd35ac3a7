/** The interface of the module to wasm-kernel.ts. */

import { openLines } from "./lines";
import { BLOCK, GUARD, MASKS, NO_ENTRY, openHeap, SCRATCH } from "./memory";
import { writeNumberLines, writtenEnd } from "./numbers";
import { copyBytes } from "./output";
import { pairKey, pairKeyLength, resetPairs, writePairs as writePairsTo, written } from "./pairs";
import { openScan } from "./scan";
import { keyAddress, keyLength, resetTable, setSeeds } from "./table";

export { scanLines } from "./lines";
export { allocate, BLOCK, LETTERS, PAGES, SCRATCH, SCRATCH_BYTES } from "./memory";
export {
  appendPair,
  appendTexts,
  pairBytes,
  pairCount,
  pairHash,
  pairKey,
  pairKeyLength,
  sortPairs,
} from "./pairs";
export { scanWords } from "./scan";
export { sortKeys } from "./sort";
export { intern, keyAddress, keyCount, keyHash, keyLength, tableBytes } from "./table";

export let idsAt: usize = 0;
export let startsAt: usize = 0;
export let endsAt: usize = 0;
export let lineEndsAt: usize = 0;
export let outputAt: usize = 0;
/** How many bytes `writePairs` or `writeNumbers` has written. */
export let outputEnd: u32 = 0;
let outputBytes: usize = 0;

/**
 * Lays out the memory for a block and an output of these capacities in bytes. The scratch has the seeds of the
 * table. Called once.
 */
export function open(capacity: u32, outputCapacity: u32): void {
  for (let length: usize = 0; length <= 16; length++) {
    memory.fill(MASKS + (length << 4), 0xff, length);
  }
  setSeeds(SCRATCH);
  store<u32>(NO_ENTRY, 0xffffffff, 16);
  // Eight positions are written at once, up to 64 for a chunk, so some are written past the last.
  const wordBytes = ((<usize>capacity + 1) / 2 + 64) << 2;
  idsAt = (BLOCK + <usize>capacity + GUARD + 63) & ~63;
  startsAt = idsAt + wordBytes;
  endsAt = startsAt + wordBytes;
  lineEndsAt = endsAt + wordBytes;
  openScan(idsAt, startsAt, endsAt);
  openLines(lineEndsAt);
  outputAt = lineEndsAt + ((<usize>capacity + 64) << 2);
  outputBytes = <usize>outputCapacity;
  openHeap(outputAt + outputBytes + GUARD);
  resetTable();
}

export function reset(): void {
  resetTable();
  resetPairs();
}

/** Copies a key. @returns the address after it */
export function writeKey(id: u32, at: u32): u32 {
  const key = keyAddress(id);
  return <u32>(copyBytes(key, key + <usize>keyLength(id), outputAt + <usize>at) - outputAt);
}

/** Copies the key of a pair. @returns the address after it */
export function writePairKey(pair: u32, at: u32): u32 {
  const key = pairKey(pair);
  return <u32>(copyBytes(key, key + <usize>pairKeyLength(pair), outputAt + <usize>at) - outputAt);
}

/** Writes pairs of the order to the output. @returns the first that did not fit, or `to` */
export function writePairs(from: u32, to: u32): u32 {
  const next = writePairsTo(from, to, outputAt, outputAt + outputBytes);
  outputEnd = <u32>(written - outputAt);
  return next;
}

/**
 * Writes lines to the output for the keys whose ids are in the scratch, each with its number. The numbers
 * follow room for `capacity` ids. @returns the number of lines
 */
export function writeNumbers(count: u32, capacity: u32): u32 {
  const numbers = SCRATCH + (<usize>capacity << 2);
  const written = writeNumberLines(SCRATCH, numbers, count, outputAt, outputAt + outputBytes);
  outputEnd = <u32>(writtenEnd - outputAt);
  return written;
}
