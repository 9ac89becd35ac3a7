/**
 * Sorts the keys of the table by their bytes, as memcmp does, the shorter first where one key
 * begins another.
 *
 * What is sorted are items of 16 bytes, so that most comparisons stay within the item:
 *
 *    0  u64  eight bytes of the key from `depth` on, big-endian, zero-padded
 *    8  u32  address of the entry
 *   12  u32  length of the key
 *
 * A multikey quicksort: items equal in their eight bytes are loaded with the next eight, `depth`
 * grows, and no byte is compared twice.
 */

import { allocate, shrinkTo } from "./memory";
import { entryOf, keyCount, SHORT } from "./table";

const ITEM: usize = 16;
const INSERTION_ITEMS: usize = 24;
/** Deeper than this the sort switches to one that needs no stack. */
const MAX_LEVEL: u32 = 400;

/**
 * Sorts the ids of all keys.
 * @returns the address of the ids, valid until the next call; 0 when there is no memory for it
 */
export function sortKeys(): usize {
  const count = <usize>keyCount();
  const items = allocate(count * ITEM + ITEM);
  if (items == 0) return 0;
  const end = items + count * ITEM;
  let id: u32 = 0;
  for (let item = items; item < end; item += ITEM) {
    const entry = entryOf(id++);
    store<u32>(item, <u32>entry, 8);
    store<u32>(item, load<u32>(entry, 16), 12);
    store<u64>(item, bswap<u64>(load<u64>(entry)));
  }
  sortItems(items, end, 0, 0);
  let to = items;
  for (let item = items; item < end; item += ITEM) {
    store<u32>(to, load<u32>(<usize>load<u32>(item, 8), 24));
    to += 4;
  }
  shrinkTo(items);
  return items;
}

/** Sorts the items in [from, to), which agree in their first `depth` bytes. */
function sortItems(from: usize, to: usize, depth: u32, level: u32): void {
  while (to - from > INSERTION_ITEMS * ITEM) {
    if (level > MAX_LEVEL) {
      heapSort(from, (to - from) / ITEM, depth);
      return;
    }
    const pivot = choosePivot(from, to);
    let less = from;
    let at = from;
    let greater = to;
    while (at < greater) {
      const prefix = load<u64>(at);
      if (prefix < pivot) {
        swap(less, at);
        less += ITEM;
        at += ITEM;
      } else if (prefix > pivot) {
        greater -= ITEM;
        swap(at, greater);
      } else {
        at += ITEM;
      }
    }
    sortItems(from, less, depth, level + 1);
    sortItems(greater, to, depth, level + 1);
    from = deepen(less, greater, depth);
    to = greater;
    depth += 8;
  }
  insertionSort(from, to, depth);
}

/**
 * Of items equal in eight bytes puts those that end there first, in order of length, and loads
 * the others with their next eight bytes.
 * @returns the first of those others
 */
function deepen(from: usize, to: usize, depth: u32): usize {
  const next = depth + 8;
  let longer = from;
  for (let item = from; item < to; item += ITEM) {
    if (load<u32>(item, 12) > next) {
      store<u64>(item, prefixAt(item, next));
      continue;
    }
    swap(longer, item);
    longer += ITEM;
  }
  // Distinct keys that agree in these bytes and end in them differ in length: nine at most.
  insertionSort(from, longer, depth);
  return longer;
}

/** Eight bytes of the key of `item` from `depth` on, `depth` being less than its length. */
function prefixAt(item: usize, depth: u32): u64 {
  const length = load<u32>(item, 12);
  const bits = <u64>(length - depth) << 3;
  const prefix = bswap<u64>(load<u64>(keyOf(item) + <usize>depth));
  return bits < 64 ? prefix & ~((<u64>-1) >> bits) : prefix;
}

@inline
function keyOf(item: usize): usize {
  const entry = <usize>load<u32>(item, 8);
  return load<u32>(item, 12) <= SHORT ? entry : <usize>load<u32>(entry, 8);
}

@inline
function swap(a: usize, b: usize): void {
  const item = v128.load(a);
  v128.store(a, v128.load(b));
  v128.store(b, item);
}

/** The median of three, or of three such medians where there are many items. */
function choosePivot(from: usize, to: usize): u64 {
  const count = (to - from) / ITEM;
  const middle = from + (count >> 1) * ITEM;
  const last = to - ITEM;
  if (count < 1000) return median(load<u64>(from), load<u64>(middle), load<u64>(last));
  const step = (count >> 3) * ITEM;
  return median(
    median(load<u64>(from), load<u64>(from + step), load<u64>(from + 2 * step)),
    median(load<u64>(middle - step), load<u64>(middle), load<u64>(middle + step)),
    median(load<u64>(last - 2 * step), load<u64>(last - step), load<u64>(last)),
  );
}

function median(a: u64, b: u64, c: u64): u64 {
  const low = a < b ? a : b;
  const high = a < b ? b : a;
  if (c <= low) return low;
  return c < high ? c : high;
}

/** Whether item `a` comes before item `b`, both agreeing in their first `depth` bytes. */
function precedes(a: usize, b: usize, depth: u32): bool {
  const prefixA = load<u64>(a);
  const prefixB = load<u64>(b);
  if (prefixA != prefixB) return prefixA < prefixB;
  const lengthA = load<u32>(a, 12);
  const lengthB = load<u32>(b, 12);
  const shorter = min(lengthA, lengthB);
  if (shorter > depth + 8) {
    const from = <usize>depth + 8;
    const order = memory.compare(keyOf(a) + from, keyOf(b) + from, <usize>shorter - from);
    if (order != 0) return order < 0;
  }
  return lengthA < lengthB;
}

function insertionSort(from: usize, to: usize, depth: u32): void {
  for (let at = from + ITEM; at < to; at += ITEM) {
    for (let item = at; item > from && precedes(item, item - ITEM, depth); item -= ITEM) {
      swap(item, item - ITEM);
    }
  }
}

/** For input made to defeat the quicksort. */
function heapSort(base: usize, count: usize, depth: u32): void {
  for (let root = count / 2; root > 0; root--) siftDown(base, root - 1, count, depth);
  for (let last = count - 1; last > 0; last--) {
    swap(base, base + last * ITEM);
    siftDown(base, 0, last, depth);
  }
}

function siftDown(base: usize, root: usize, count: usize, depth: u32): void {
  while (true) {
    let child: usize = 2 * root + 1;
    if (child >= count) return;
    const next = child + 1;
    if (next < count && precedes(base + child * ITEM, base + next * ITEM, depth)) child = next;
    if (!precedes(base + root * ITEM, base + child * ITEM, depth)) return;
    swap(base + root * ITEM, base + child * ITEM);
    root = child;
  }
}
