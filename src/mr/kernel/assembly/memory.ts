/**
 * Layout of the linear memory, and the allocator of its growing part.
 *
 *   0          the entry that matches nothing: empty slots point to it
 *   1024       constants of the compiler
 *   4096       MASKS       17 pairs of 8-byte masks: how much of a 16-byte load belongs to the key
 *   8192       PAGES       one byte per 4096 code points: 1 when its letters are known
 *   16384      LETTERS     one bit per code point: set when it matches \p{L}
 *   163840     DIRECTORY   address of each chunk of entries
 *   180224     SCRATCH     a key on its way in from outside
 *   245760     MISSES      the words of a segment that are not in their first slot
 *   262144     BLOCK       the input, guarded so that 64-byte loads near its end stay inside
 *              IDS, STARTS, ENDS   one u32 per word of the block
 *              LINE_ENDS           one u32 per line feed of the block
 *              OUTPUT              output for files, guarded as the block is
 *   heap       chunks of entries, slots, long keys, in the order they were needed
 *
 * Everything below the heap stays in its place, so views of it never change.
 */

export const NO_ENTRY: usize = 0;
export const MASKS: usize = 4096;
export const PAGES: usize = 8192;
export const LETTERS: usize = 16384;
export const DIRECTORY: usize = 163840;
export const SCRATCH: usize = 180224;
export const SCRATCH_BYTES: usize = 65536;
export const MISSES: usize = 245760;
export const BLOCK: usize = 262144;

/** Loads may reach this many bytes past the block. */
export const GUARD: usize = 64;

/** The unit in which entries and long keys are allocated, in bytes. */
export const CHUNK: usize = 1 << 20;
const WASM_PAGE: usize = 1 << 16;
/** One chunk short of 4 GiB: addresses, and sums of an address and a chunk, stay below 2^32. */
const LAST: usize = 0xffff0000 - CHUNK;

let heapStart: usize = 0;
let top: usize = 0;
let freeChunks: usize = 0;

/** Sets the beginning of the heap. Called once. */
export function openHeap(start: usize): void {
  heapStart = roundUp(start);
  top = heapStart;
}

/** Frees all allocations at once. */
export function clearHeap(): void {
  top = heapStart;
  freeChunks = 0;
}

@inline
function roundUp(size: usize): usize {
  return (size + (WASM_PAGE - 1)) & ~(WASM_PAGE - 1);
}

/** Allocates a contiguous region, in whole pages. @returns its address; 0 when there is no memory */
export function allocate(size: usize): usize {
  if (size > LAST - top) return 0;
  const address = top;
  const newTop = top + roundUp(size);
  const have = <usize>memory.size() * WASM_PAGE;
  if (newTop > have && !growTo(newTop, have)) return 0;
  top = newTop;
  return address;
}

/** Frees everything allocated from `address` on. */
export function shrinkTo(address: usize): void {
  top = address;
}

/** Grows by an eighth at least: each growth is a system call and new views outside. */
function growTo(newTop: usize, have: usize): bool {
  let wanted = (newTop - have) / WASM_PAGE;
  const generous = max(wanted, have / WASM_PAGE / 8);
  if (memory.grow(<i32>generous) >= 0) return true;
  return memory.grow(<i32>wanted) >= 0;
}

/** A freed or new chunk; 0 when there is no memory left. */
export function allocateChunk(): usize {
  const chunk = freeChunks;
  if (chunk == 0) return allocate(CHUNK);
  freeChunks = load<usize>(chunk);
  return chunk;
}

/** Frees a region for use as chunks; a rest smaller than a chunk stays unused until `clearHeap`. */
export function release(address: usize, size: usize): void {
  for (let at = address; at + CHUNK <= address + size; at += CHUNK) {
    store<usize>(at, freeChunks);
    freeChunks = at;
  }
}
