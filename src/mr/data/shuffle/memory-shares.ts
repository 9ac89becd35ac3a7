import { ENGINE_BYTES } from "../../job/limits.ts";

/** A job gets this much even if the limit is less than that. */
const LEAST_BYTES = 12 * 1024 * 1024;

/** How the memory of a task is shared out, all in bytes. */
export interface MemoryShares {
  /** The block that input is read into. */
  readonly blockBytes: number;
  /** Keys, their entries and slots; while they are sorted they take some two thirds more. */
  readonly keyBytes: number;
  /** Values, and what finds them. */
  readonly valueBytes: number;
  /** Pairs that are kept as they come, instead of keys. What values have taken before, they may still take. */
  readonly pairBytes: number;
  /** All buffers of a merge together. */
  readonly mergeBytes: number;
}

/**
 * @param memoryBytes how much the process may take at its peak. Less than 16 MiB, which is less than any
 *   process takes, is taken as the share of the job: so that tests can make it as small as they like.
 */
export function shareMemory(memoryBytes: number): MemoryShares {
  const isJobShare = memoryBytes < 16 * 1024 * 1024;
  const jobBytes = isJobShare ? memoryBytes : Math.max(LEAST_BYTES, memoryBytes - ENGINE_BYTES);
  return {
    blockBytes:
      jobBytes >= 64 * 1024 * 1024 ? 1 << 20 : jobBytes >= LEAST_BYTES ? 1 << 18 : 1 << 14,
    keyBytes: Math.floor(jobBytes * 0.27),
    valueBytes: Math.floor(jobBytes * 0.45),
    pairBytes: Math.floor(jobBytes * 0.55),
    mergeBytes: Math.floor(jobBytes * 0.25),
  };
}
