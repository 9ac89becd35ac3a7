import type { ByteSlice } from "../../app/contract/byte-slice.ts";
import type { NumberRuns } from "../../app/contract/combiners.ts";
import { GroupMerger, type ValueOrder } from "./group-merger.ts";
import { KernelMerger } from "./kernel-merger.ts";
import { idleMergeKernel } from "./merge-kernels.ts";
import type { Run } from "./run-file.ts";

/** For what is read of all runs of a merge. */
const WINDOWS_BYTES = 2 * 1024 * 1024;
/** Smaller parts take longer to read. */
const LEAST_WINDOW_BYTES = 32 * 1024;
/** Larger ones save nothing. */
const MOST_WINDOW_BYTES = 256 * 1024;

/**
 * Groups in the order of their keys' bytes, each key once, with their values: what is left of sorted runs
 * when they are merged. Values are gone through by {@link nextValue}, and are valid until its next call.
 */
export interface GroupSource {
  /** The key of the group, until {@link nextGroup}. */
  readonly key: ByteSlice;
  /** The text of the key. */
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
  /**
   * Moves to the next group; values left in this one are passed over. False at the end of all runs.
   *
   * @throws DamagedRunError, as the next does
   */
  nextGroup(): boolean;
  /** Moves to the next run of equal values of the group; false when there is none. */
  nextValue(): boolean;
  /**
   * Moves past those of the values that come next which are numbers and at hand, and says what they are:
   * until the next call. Undefined if there is none, which says nothing of further values.
   */
  nextNumbers(): NumberRuns | undefined;
  /** The value, decoded. A byte slice is one that is reused for the next value. */
  decode(): unknown;
  /** Closes all runs. Whoever stops early, or fails, leaves no file open. */
  close(): void;
}

/**
 * Merges sorted runs. The values of a key come in the order of the runs, and within a run in its own order;
 * or in a given order, in which each run has them already.
 *
 * @param runs in the order that decides between equal keys
 * @param bufferBytes for each run
 * @throws DamagedRunError when a run can't be opened or is not what it should be
 */
export function mergeRuns(
  runs: readonly Run[],
  bufferBytes: number,
  order: ValueOrder,
): GroupSource {
  // Values are compared by the app, which knows nothing of bytes.
  if (order !== undefined) return new GroupMerger(runs, bufferBytes, order);
  return new KernelMerger(runs, windowBytes(runs.length, bufferBytes), idleMergeKernel());
}

/**
 * Few runs are read in large parts and many in small ones: so a merge takes the same memory, be there much
 * to merge or little.
 */
function windowBytes(runs: number, bufferBytes: number): number {
  // Where memory is short, it is shared out already.
  if (bufferBytes < LEAST_WINDOW_BYTES) return bufferBytes;
  const share = Math.floor(WINDOWS_BYTES / Math.max(1, runs));
  return Math.min(MOST_WINDOW_BYTES, Math.max(LEAST_WINDOW_BYTES, share));
}
