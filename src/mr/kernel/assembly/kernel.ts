/** What the module offers to wasm-kernel.ts. */

import { openLines } from "./lines";
import { BLOCK, GUARD, MASKS, NO_ENTRY, openHeap } from "./memory";
import { openScan } from "./scan";
import { resetTable } from "./table";

export { scanLines } from "./lines";
export { allocate, BLOCK, LETTERS, PAGES, SCRATCH, SCRATCH_BYTES } from "./memory";
export { scanWords } from "./scan";
export { sortKeys } from "./sort";
export { intern, keyAddress, keyCount, keyHash, keyLength, resetTable, tableBytes } from "./table";

export let idsAt: usize = 0;
export let startsAt: usize = 0;
export let endsAt: usize = 0;
export let lineEndsAt: usize = 0;

/** Lays the memory out for a block of `capacity` bytes. Called once; the memory must hold it. */
export function open(capacity: u32): void {
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
  openHeap(lineEndsAt + ((<usize>capacity + 64) << 2));
  resetTable();
}
