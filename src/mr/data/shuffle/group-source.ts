import type { ByteSlice } from "../../app/contract/byte-slice.ts";
import type { NumberRuns } from "../../app/contract/combiners.ts";
import { KernelMerger } from "./kernel-merger.ts";
import { OrderedMerger } from "./ordered-merger.ts";
import type { Run } from "./run-file.ts";

/** The memory of all windows of a merge. */
const WINDOWS_BYTES = 2 * 1024 * 1024;
/** Reading smaller parts of a run takes longer. */
const MIN_WINDOW_BYTES = 32 * 1024;
/** Reading larger parts saves nothing. */
const MAX_WINDOW_BYTES = 256 * 1024;

/** The order of the values of a key, as for `Array.prototype.sort`. */
export type ValueOrder = (a: unknown, b: unknown) => number;

/**
 * Sorted runs, merged: groups in the order of their keys' bytes, each key once, with their values.
 * {@link nextValue} goes through the values; the value it has moved to is valid until its next call.
 */
export interface GroupSource {
  /** The key of the group, until {@link nextGroup}. */
  readonly key: ByteSlice;
  readonly keyText: string;
  /** How many times in a row the value came. */
  readonly count: number;
  /** Whether the value was emitted as a byte slice. */
  readonly isBytes: boolean;
  /** The JSON text of the value is bytes[valueStart, valueEnd). */
  readonly bytes: Buffer;
  readonly valueStart: number;
  readonly valueEnd: number;
  /** How many bytes of all runs have been read so far. */
  readonly bytesRead: number;
  /** Moves to the next group, past the rest of this one; false at the end of all runs. @throws DamagedRunError */
  nextGroup(): boolean;
  /** Moves to the next run of equal values of the group; false when there is none. @throws DamagedRunError */
  nextValue(): boolean;
  /**
   * Moves past the next values that are numbers and loaded, and returns them: they are valid until the next
   * call. Undefined if the next value is not such a number; later ones may be.
   */
  nextNumbers(): NumberRuns | undefined;
  /** The value, decoded. A byte slice is one that is reused for the next value. */
  decode(): unknown;
  /** Closes all runs. Must be called, also after an error. */
  close(): void;
}

/**
 * Merges sorted runs. The values of a key come in the order of the runs, and within a run in its own
 * order; or in a given order, in which each run has them already.
 *
 * @param runs in the order that decides between equal keys
 * @throws DamagedRunError when a run can't be opened or is not what it should be
 */
export function mergeRuns(
  runs: readonly Run[],
  bufferBytes: number,
  order: ValueOrder | undefined,
): GroupSource {
  // The app compares values, not bytes.
  if (order !== undefined) return new OrderedMerger(runs, bufferBytes, order);
  return new KernelMerger(runs, windowBytes(runs.length, bufferBytes));
}

/** Few runs are read in large parts and many in small ones, so that every merge takes the same memory. */
function windowBytes(runs: number, bufferBytes: number): number {
  // The buffers were made this small to fit into little memory.
  if (bufferBytes < MIN_WINDOW_BYTES) return bufferBytes;
  const share = Math.floor(WINDOWS_BYTES / Math.max(1, runs));
  return Math.min(MAX_WINDOW_BYTES, Math.max(MIN_WINDOW_BYTES, share));
}
