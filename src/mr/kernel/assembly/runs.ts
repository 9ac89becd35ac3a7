/** The sorted runs to merge, and a heap of them, with the run of the smallest line on top. */

/**
 * The state of a run and its current line:
 *
 *    0  u32  beginning of its values that are not taken; without a line, beginning of the next
 *    4  u32  end of the whole lines in the window
 *    8  u32  beginning of the line's key
 *   12  u32  end of the line's key
 *   16  u64  its first eight bytes, zero-padded, as a number
 *   24  u32  1 when the run ends with the window
 */
const RUN_SHIFT: usize = 5;

let runs: usize = 0;
let heap: usize = 0;
export let heapSize: u32 = 0;

/** Sets the addresses of the runs and of the heap, which is empty. */
export function openRuns(runsAt: usize, heapAt: usize): void {
  runs = runsAt;
  heap = heapAt;
  heapSize = 0;
}

@inline
export function stateOf(run: u32): usize {
  return runs + (<usize>run << RUN_SHIFT);
}

export function keep(state: usize, at: usize, end: usize): void {
  store<u32>(state, <u32>at, 8);
  store<u32>(state, <u32>end, 12);
  const length = end - at;
  let prefix = bswap<u64>(load<u64>(at));
  if (length < 8) prefix = length == 0 ? 0 : prefix & (<u64>-1 << <u64>((8 - length) << 3));
  store<u64>(state, prefix, 16);
}

@inline
export function topRun(): u32 {
  return heapAt(0);
}

/** Whether the line of run a comes before that of run b. */
function isBefore(a: u32, b: u32): bool {
  const stateA = stateOf(a);
  const stateB = stateOf(b);
  const prefixA = load<u64>(stateA, 16);
  const prefixB = load<u64>(stateB, 16);
  if (prefixA != prefixB) return prefixA < prefixB;
  const keyA = <usize>load<u32>(stateA, 8);
  const keyB = <usize>load<u32>(stateB, 8);
  const lengthA = <usize>load<u32>(stateA, 12) - keyA;
  const lengthB = <usize>load<u32>(stateB, 12) - keyB;
  const both = min(lengthA, lengthB);
  if (both > 8) {
    const order = memory.compare(keyA + 8, keyB + 8, both - 8);
    if (order != 0) return order < 0;
  }
  if (lengthA != lengthB) return lengthA < lengthB;
  return a < b;
}

@inline
function heapAt(index: u32): u32 {
  return load<u32>(heap + (<usize>index << 2));
}

@inline
function setHeap(index: u32, run: u32): void {
  store<u32>(heap + (<usize>index << 2), run);
}

export function push(run: u32): void {
  let index = heapSize++;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    const above = heapAt(parent);
    if (!isBefore(run, above)) break;
    setHeap(index, above);
    index = parent;
  }
  setHeap(index, run);
}

export function removeTop(): void {
  heapSize--;
  if (heapSize == 0) return;
  setHeap(0, heapAt(heapSize));
  sinkTop();
}

export function sinkTop(): void {
  const run = heapAt(0);
  let index: u32 = 0;
  while (true) {
    let child: u32 = 2 * index + 1;
    if (child >= heapSize) break;
    let least = heapAt(child);
    if (child + 1 < heapSize) {
      const other = heapAt(child + 1);
      if (isBefore(other, least)) {
        least = other;
        child++;
      }
    }
    if (!isBefore(least, run)) break;
    setHeap(index, least);
    index = child;
  }
  setHeap(index, run);
}
