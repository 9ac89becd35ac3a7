import type { SkippedRecord } from "../../job/task.ts";
import type { PendingOutput, Storage } from "../../storage/storage.ts";

/**
 * Where a task reports progress, which renews its lease. Both methods throw an MrError when the attempt
 * has been given up, which ends it.
 */
export interface ProgressMeter {
  addRecords(count: number): void;
  addBytes(count: number): void;
}

/** What a task needs to know besides its own description. */
export interface TaskContext {
  readonly storage: Storage;
  readonly directory: string;
  /** Absolute path that relative inputs start from. */
  readonly inputDirectory: string;
  readonly reduces: number;
  /** Tells this attempt's temporary files from those of all others. */
  readonly tag: string;
  readonly progress: ProgressMeter;
  /** How much memory the process may take at its peak, in bytes. */
  readonly memoryBytes: number;
  /** How many runs are merged at a time, at least 2. */
  readonly fanIn: number;
  /** Skip and count records that are malformed, or that the app throws on. */
  readonly skipBadRecords: boolean;
}

/** What an attempt made. Its output is complete, and must be committed or discarded. */
export interface TaskOutput {
  readonly output: PendingOutput;
  readonly counters: Readonly<Record<string, number>>;
  /** The first records that were skipped. */
  readonly skipped: readonly SkippedRecord[];
  /** How often a map task wrote what it held to disk because its memory was full. */
  readonly spills?: number | undefined;
}
