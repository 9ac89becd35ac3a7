import type { JobSpec } from "../../job/job-spec.ts";
import type { TaskResult } from "../../job/task.ts";
import type { PendingOutput, Storage, StorageFor } from "../../storage/storage.ts";

/**
 * Where a task reports progress, which renews its lease. The first three methods throw an MrError when the attempt
 * has been given up, which ends it.
 */
export interface ProgressMeter {
  addRecords(count: number): void;
  addBytes(count: number): void;
  /** The app waits, and says that it is alive. */
  alive(): void;
  /** The app's part is done: from here on, the attempt waits for nothing but the disk and the coordinator. */
  workDone(): void;
}

/** The context in which a task runs. */
export interface TaskContext
  extends Pick<
    JobSpec,
    "directory" | "inputDirectory" | "reduces" | "skipBadRecords" | "memoryBytes"
  > {
  /** That of the job directory. */
  readonly storage: Storage;
  /** Where inputs are read from, each by its own URL. */
  readonly storageFor: StorageFor;
  /** Identifies the attempt in the names of its temporary files. */
  readonly tag: string;
  readonly progress: ProgressMeter;
  /** How many runs are merged at a time, at least 2. */
  readonly fanIn: number;
}

/** The result of an attempt, before its output is committed. */
export interface TaskOutput extends Omit<TaskResult, "outputs" | "progress"> {
  /** Complete, and to be committed or discarded. */
  readonly output: Pick<PendingOutput, "commit" | "discard">;
}
