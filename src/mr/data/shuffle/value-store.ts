import type { RecordWriter } from "./record-writer.ts";

/** The minimum number of keys that a store has room for. */
const MIN_KEYS = 4096;

/** The emitted values, by the id of the key. */
export interface ValueStore {
  /** Set when there is little room left: the store must be written and cleared soon. */
  isFull: boolean;
  /** Makes room for ids below `size`; must be called before any of them is added to. */
  ensure(size: number): void;
  /** @throws TypeError for a value that the store, or JSON, can't carry */
  add(id: number, value: unknown): void;
  /** Whether anything was added to `id`: the table of keys also has keys that were not emitted. */
  has(id: number): boolean;
  /** Writes the values of `id`, in the order they were added, into `writer`'s group. @throws CombineError */
  write(id: number, writer: RecordWriter): void;
  /**
   * Loads the memory that {@link write} will read for ids[from, to) into the cache: all at once is faster
   * than one key after the other.
   *
   * @returns a meaningless number that keeps the reads from being optimized away
   */
  preload?(ids: Uint32Array, from: number, to: number): number;
  /** Forgets everything; memory is kept. */
  clear(): void;
}

/** A copy of an array by id, for ids below `size` and at least twice as long, filled up with `fill`. */
export function enlarged<T extends Float64Array | Uint32Array>(
  array: T,
  size: number,
  fill: number,
): T {
  const Numbers = array.constructor as new (length: number) => T;
  const larger = new Numbers(Math.max(size, 2 * array.length, MIN_KEYS));
  larger.fill(fill, array.length);
  larger.set(array);
  return larger;
}
