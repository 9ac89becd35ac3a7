import type { Split } from "../../job/split.ts";
import type { SkippedRecord } from "../../job/task.ts";
import type { PendingFile } from "../../storage/file/pending-file.ts";
import type { ProgressMeter } from "./progress.ts";

export interface MapTask {
  readonly task: number;
  readonly split: Split;
}

/** Where and how a task works. */
export interface TaskSite {
  /** Absolute path of the job directory. */
  readonly directory: string;
  /** Absolute path that relative inputs start from; the job directory unless told. */
  readonly inputDirectory?: string | undefined;
  readonly reduces: number;
  /** Tells this attempt's temporary files from those of all others. */
  readonly tag: string;
  readonly progress: ProgressMeter;
  /** How much memory the process may take at its peak, in bytes; 512 MiB unless told. */
  readonly memoryBytes?: number | undefined;
  /** How many runs are merged at a time, 64 unless told; at least 2. */
  readonly fanIn?: number | undefined;
  /** Leave out and count records that are malformed, or that the app throws on. */
  readonly skipBadRecords?: boolean | undefined;
}

/** What an attempt made. */
export interface TaskResult {
  /** Each still to be committed or discarded; those of a reduce task also to be finished. */
  readonly files: PendingFile[];
  /** What was counted, by name. */
  readonly counters: Readonly<Record<string, number>>;
  /** The first records that were left out. */
  readonly skipped: readonly SkippedRecord[];
  /** How often a map task wrote what it held to disk because its memory was full. */
  readonly spills?: number | undefined;
}
