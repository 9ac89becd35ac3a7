import { encodeUtf8 } from "../../base/utf8.ts";
import { ByteSlice } from "./byte-slice.ts";

/**
 * Chooses the reduce task of a key. It is called at least once per distinct key of a map task, and must
 * depend on its arguments only.
 *
 * @returns 0 … reduces − 1; anything else fails the task
 */
export type Partitioner = (key: string, reduces: number) => number;

/** A partitioner of the library that works on bytes: the key is key[0, length). */
export type BytePartitioner = (key: Uint8Array, length: number, reduces: number) => number;

const FNV_OFFSET_BASIS = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** The forms of the library's partitioners that work on bytes. */
const byteForms = new WeakMap<Partitioner, BytePartitioner>();
/** The numbers of ranges of those that partition by ranges. */
const ranges = new WeakMap<Partitioner, number>();

export function bytePartitioner(partitioner: Partitioner): BytePartitioner | undefined {
  return byteForms.get(partitioner);
}

/** Whether a greater key never goes to a lower reduce task, as far as is known. */
export function isAscending(partitioner: Partitioner): boolean {
  return ranges.has(partitioner);
}

/** The smallest number of reduce tasks that a partitioner can be used with: 1, or its number of ranges. */
export function minReduces(partitioner: Partitioner | undefined): number {
  return (partitioner === undefined ? undefined : ranges.get(partitioner)) ?? 1;
}

/**
 * The lab's `ihash`: FNV-1a, 32 bits (http://www.isthe.com/chongo/tech/comp/fnv), with the sign bit
 * cleared: 0 … 2³¹ − 1.
 */
export function hashKey(key: Uint8Array): number {
  let hash = FNV_OFFSET_BASIS;
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ (key[at] ?? 0), FNV_PRIME);
  return hash & 0x7fffffff;
}

/** Partitions by the hash of the key, as in the lab: `ihash(key) % reduces`. */
export const hashPartition: Partitioner = (key, reduces) => hashKey(encodeUtf8(key)) % reduces;
byteForms.set(hashPartition, (key, length, reduces) => hashKey(key.subarray(0, length)) % reduces);

/**
 * Partitions by ranges: all keys of `mr-out-0` come before those of `mr-out-1`, and so on. Keys below
 * `boundaries[0]` go to reduce task 0, keys from `boundaries[0]` to below `boundaries[1]` to task 1, and so
 * on: the ranges of `rangePartition(["f", "k"])` are a–e, f–j, and k to the end.
 *
 * @param boundaries in ascending order of their bytes. A job with fewer reduce tasks than ranges is refused
 *   before any task runs; with more reduce tasks, the last ones get no keys
 * @throws RangeError if the boundaries do not ascend
 */
export function rangePartition(boundaries: ReadonlyArray<string | ByteSlice>): Partitioner {
  const limits = boundaries.map((limit) => {
    return Buffer.from(limit instanceof ByteSlice ? limit.view() : encodeUtf8(limit));
  });
  for (const [index, limit] of limits.entries()) {
    const previous = limits[index - 1];
    if (previous !== undefined && Buffer.compare(previous, limit) >= 0) {
      throw new RangeError(`rangePartition: boundary ${index} is not above the one before it`);
    }
  }
  // Keys come in ascending order, so most are in the range of the one before.
  let last = 0;
  const find: BytePartitioner = (key, length) => {
    const isFromLast = last === 0 || !isBelow(key, length, limits[last - 1] ?? EMPTY);
    if (isFromLast && (last === limits.length || isBelow(key, length, limits[last] ?? EMPTY))) {
      return last;
    }
    let low = 0;
    let high = limits.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isBelow(key, length, limits[middle] ?? EMPTY)) high = middle;
      else low = middle + 1;
    }
    last = low;
    return low;
  };
  const partitioner: Partitioner = (key, reduces) => {
    const bytes = encodeUtf8(key);
    return find(bytes, bytes.length, reduces);
  };
  byteForms.set(partitioner, find);
  ranges.set(partitioner, limits.length + 1);
  return partitioner;
}

const EMPTY = Buffer.alloc(0);

function isBelow(key: Uint8Array, length: number, limit: Uint8Array): boolean {
  const shorter = Math.min(length, limit.length);
  for (let at = 0; at < shorter; at++) {
    const difference = (key[at] ?? 0) - (limit[at] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return length < limit.length;
}
