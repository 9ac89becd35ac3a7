/**
 * Sorts keys by their bytes, as memcmp orders them; a prefix of a key comes before it, and equal keys are in
 * the order of their indexes.
 *
 * It sorts items of 16 bytes, so that most comparisons need only the item:
 *
 *    0  u64  eight bytes of the key from `depth` on, big-endian, zero-padded
 *    8  u32  index: the id of a key of the table, or the address of a pair
 *   12  u32  length of the key
 *
 * If there are many items, a bucket sort by the first two bytes comes first. Then follows a multikey quicksort:
 * items with equal eight bytes are loaded with the next eight, `depth` grows, and no byte is compared twice.
 */

import { allocate, shrinkTo } from "./memory";
import { nextPair, pairKey, pairKeyLength } from "./pairs";
import { entryOf, keyAddress, keyCount } from "./table";

const ITEM: usize = 16;
const INSERTION_ITEMS: usize = 24;
/** From this recursion depth on, heapsort is used, which needs no stack. */
const MAX_LEVEL: u32 = 400;
/** From this number of items on, 65536 buckets are worth their cost. */
const DEAL_ITEMS: usize = 1 << 15;
const BUCKETS: usize = 1 << 16;

/** Whether the items are pairs, or keys of the table. */
let isOfPairs: bool = false;

/** Sorts the ids of all keys. @returns their address, valid until the next call; 0 when there is no memory */
export function sortKeys(): usize {
  const count = keyCount();
  const items = allocate((<usize>count + 1) * ITEM);
  if (items == 0) return 0;
  isOfPairs = false;
  let item = items;
  for (let id: u32 = 0; id < count; id++) {
    const entry = entryOf(id);
    store<u64>(item, bswap<u64>(load<u64>(entry)));
    store<u32>(item, id, 8);
    store<u32>(item, load<u32>(entry, 16), 12);
    item += ITEM;
  }
  return sortInto(items, item, items);
}

/** Sorts `count` pairs from `first` on. @returns the address of their order, which stays allocated; or 0 */
export function sortPairs(first: usize, count: u32): usize {
  const items = allocate((<usize>count + 1) * ITEM);
  if (items == 0) return 0;
  isOfPairs = true;
  let item = items;
  for (let pair = first; pair != 0; pair = nextPair(pair)) {
    store<u32>(item, <u32>pair, 8);
    store<u32>(item, pairKeyLength(pair), 12);
    store<u64>(item, prefixAt(item, 0));
    item += ITEM;
  }
  sortInto(items, item, items);
  // The same address, now allocated.
  return allocate((<usize>count + 1) << 2);
}

/** Sorts [from, to), writes the indexes to `order`, and frees the memory of the items. */
function sortInto(from: usize, to: usize, order: usize): usize {
  const count = (to - from) / ITEM;
  const bounds: usize = count < DEAL_ITEMS ? 0 : allocate((BUCKETS + 1) * 8);
  if (bounds == 0) {
    sortItems(from, to, 0, 0);
  } else {
    deal(from, to, bounds);
    let begin = from;
    for (let bucket: usize = 0; bucket < BUCKETS * 4; bucket += 4) {
      const end = load<usize>(bounds + bucket);
      if (end > begin) sortItems(begin, end, 0, 0);
      begin = end;
    }
  }
  let at = order;
  for (let item = from; item < to; item += ITEM) {
    store<u32>(at, load<u32>(item, 8));
    at += 4;
  }
  shrinkTo(from);
  return order;
}

/**
 * Moves the items into buckets by their first two bytes, in place: each goes to the next free position of its
 * bucket, and the item it displaces is moved next.
 * @param bounds receives the end of each bucket; the same number of words behind them is scratch
 */
function deal(from: usize, to: usize, bounds: usize): void {
  const nexts = bounds + (BUCKETS + 1) * 4;
  memory.fill(bounds, 0, BUCKETS * 4);
  for (let item = from; item < to; item += ITEM) {
    const count = bounds + bucketOf(load<u64>(item));
    store<u32>(count, load<u32>(count) + 1);
  }
  let end = from;
  for (let bucket: usize = 0; bucket < BUCKETS * 4; bucket += 4) {
    store<usize>(nexts + bucket, end);
    end += <usize>load<u32>(bounds + bucket) * ITEM;
    store<usize>(bounds + bucket, end);
  }
  for (let bucket: usize = 0; bucket < BUCKETS * 4; bucket += 4) {
    const bucketEnd = load<usize>(bounds + bucket);
    let at = load<usize>(nexts + bucket);
    while (at < bucketEnd) {
      const home = nexts + bucketOf(load<u64>(at));
      const place = load<usize>(home);
      store<usize>(home, place + ITEM);
      if (place == at) at += ITEM;
      else swap(at, place);
    }
  }
}

/** Four times the number of the bucket of a prefix. */
@inline
function bucketOf(prefix: u64): usize {
  return <usize>(prefix >> 48) << 2;
}

/** Sorts the items in [from, to), whose first `depth` bytes are equal. */
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
    if (greater - less == ITEM) return;
    from = deepen(less, greater, depth, level);
    to = greater;
    depth += 8;
  }
  insertionSort(from, to, depth);
}

/**
 * Partitions items with equal eight bytes: first those that end there, in order of length and index, then the
 * others, which are loaded with their next eight bytes.
 * @returns the first of the others
 */
function deepen(from: usize, to: usize, depth: u32, level: u32): usize {
  const next = depth + 8;
  let longer = from;
  for (let item = from; item < to; item += ITEM) {
    if (load<u32>(item, 12) > next) {
      store<u64>(item, prefixAt(item, next));
      continue;
    }
    store<u64>(item, (<u64>load<u32>(item, 12) << 32) | <u64>load<u32>(item, 8));
    swap(longer, item);
    longer += ITEM;
  }
  // Their eight bytes now hold the length and the index of the item, which differ for all of them.
  sortItems(from, longer, depth, level + 1);
  return longer;
}

/** Eight bytes of the key of `item` from `depth` on. */
function prefixAt(item: usize, depth: u32): u64 {
  const length = load<u32>(item, 12);
  if (length <= depth) return 0;
  const prefix = bswap<u64>(load<u64>(keyOf(item) + <usize>depth));
  const bits = <u64>(length - depth) << 3;
  return bits < 64 ? prefix & ~((<u64>-1) >> bits) : prefix;
}

@inline
function keyOf(item: usize): usize {
  const index = load<u32>(item, 8);
  return isOfPairs ? pairKey(<usize>index) : keyAddress(index);
}

@inline
function swap(a: usize, b: usize): void {
  const item = v128.load(a);
  v128.store(a, v128.load(b));
  v128.store(b, item);
}

/** The median of three items; of three such medians when there are many items. */
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

/** Whether item `a` comes before item `b`; their first `depth` bytes are equal. */
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
  if (lengthA != lengthB) return lengthA < lengthB;
  return load<u32>(a, 8) < load<u32>(b, 8);
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
