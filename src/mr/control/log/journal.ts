import type { InputFile } from "../../job/job-spec.ts";
import type { CompletedTask, JobEnd } from "../../job/task.ts";

/** Raised when a record changes its meaning. */
export const JOURNAL_VERSION = 2;

/** What one map task reads: a part of an input file, and parts of others. */
interface JournalSplit {
  readonly file: string;
  readonly start: number;
  readonly end: number;
  readonly further?: readonly JournalSplit[] | undefined;
}

/** The first record: what the job is about. */
export interface JobRecord {
  readonly type: "job";
  readonly version: number;
  readonly reduces: number;
  readonly skipBadRecords: boolean;
  /** Absolute path that relative inputs start from. */
  readonly inputDirectory: string;
  readonly inputs: readonly InputFile[];
}

/** The first attempt is about to be handed out: from here on, app and map tasks are fixed. */
export interface PlanRecord {
  readonly type: "plan";
  readonly app: string;
  /** SHA-256 of the compiled app. */
  readonly digest: string;
  /** What the app was told by environment variables, by name; null for those that are not set. */
  readonly settings?: Readonly<Record<string, string | null>>;
  /** The map tasks, in their order. */
  readonly splits: readonly JournalSplit[];
}

/** What the coordinator decides that must outlive it. */
export type JournalRecord =
  | JobRecord
  | PlanRecord
  /** A coordinator goes on with the job. */
  | { readonly type: "resumed" }
  | ({ readonly type: "completed" } & CompletedTask)
  /** The output of a map task is lost, and the task is to run again. */
  | { readonly type: "reopened"; readonly task: number }
  | { readonly type: "ended"; readonly outcome: JobEnd };

/**
 * Where decisions are kept, so that another coordinator can go on when this one has died. What has been
 * decided is kept before anybody is told of it.
 */
export interface Journal {
  /**
   * Keeps records, after all that were appended before.
   *
   * @returns when the records are safe; at once, or later
   * @throws MrError when they cannot be kept, or is rejected with it; then no further record may be
   *   appended
   */
  append(records: readonly JournalRecord[]): void | Promise<void>;
}

/** What a journal says of its job. */
export interface JournalState {
  readonly job: JobRecord;
  /** Undefined when no attempt was ever handed out. */
  readonly plan: PlanRecord | undefined;
  /** The tasks that are completed and have not been reopened since. */
  readonly completed: readonly CompletedTask[];
  /** How the job last ended, if it did. */
  readonly outcome: JobEnd | undefined;
}
