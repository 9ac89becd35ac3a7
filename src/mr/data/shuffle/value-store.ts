import type { RecordWriter } from "./record-writer.ts";

/** What has been emitted so far, by the id of the key. */
export interface ValueStore {
  /** Set when there is hardly room for more: it must be written and emptied soon. */
  isFull: boolean;
  /** Makes room for ids below `size`; must be called before any of them is added to. */
  ensure(size: number): void;
  /**
   * @throws TypeError for a value that the store, or JSON, can't carry
   */
  add(id: number, value: unknown): void;
  /** Whether anything was added to `id`: keys come into the table without being emitted, too. */
  has(id: number): boolean;
  /**
   * Writes the values of `id`, in the order they were added, into the group that was begun.
   *
   * @throws CombineError when they were combined to what JSON can't carry
   */
  write(id: number, writer: RecordWriter): void;
  /**
   * Looks at what will be written for ids[from, to): memory that is read here and there is waited for
   * all at once that way, rather than piece by piece.
   *
   * @returns a number that means nothing, but keeps the looking from being optimized away
   */
  touch?(ids: Uint32Array, from: number, to: number): number;
  /** Forgets everything; memory is kept. */
  clear(): void;
}
