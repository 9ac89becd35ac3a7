import type { MaxBadRecords } from "./bad-records.ts";
import type { Split } from "./split.ts";
import type {
  Attempt,
  Failure,
  JobEnd,
  JobOutcome,
  LossReason,
  Phase,
  Progress,
  Refusal,
  TaskId,
  TaskResult,
  Timeout,
} from "./task.ts";

/*
 * The events of a job, for observers: a progress line, the dashboard, a report, a program that called
 * `runJob`. Observers cannot change or delay the job.
 */

/** The result of a task, with the sizes of its output files instead of the files. */
export interface CompletionFigures extends Omit<TaskResult, "outputs" | "records"> {
  /** Lengths of the outputs in bytes: a map task's by reduce task; a reduce task has one. */
  readonly outputBytes: readonly number[];
  /** CRC-32 of the result of a reduce task, by which it is found to be there as it was written. */
  readonly crc32?: number | undefined;
  /** How many outputs of `reduce` the result of a reduce task has: each is one line unless it contains a line feed. */
  readonly lines?: number | undefined;
}

/** Something that happened, without its time. Reasons and messages are one line, for people. */
export type UntimedEvent =
  /** The first event. `startedAt` is the wall clock, in milliseconds since 1970. */
  | {
      readonly type: "jobStarted";
      readonly directory: string;
      readonly startedAt: number;
      readonly resumed: boolean;
      /** Orders the coordinators of a job: 1 for the first, larger for each that resumed it. */
      readonly term: number;
      /** How long an attempt may go without progress. */
      readonly leaseMs: number;
    }
  /** The tasks of the job; once more when the app is known, if it changes the splits. */
  | {
      readonly type: "jobPlanned";
      /** File name of the app, or name of a shipped one; null until a worker has brought one. */
      readonly app: string | null;
      /** SHA-256 of the app's code, if the app is known. */
      readonly digest?: string | undefined;
      /** SHA-256 of each environment variable that the app asked for; null for those that were not set. */
      readonly settings?: Readonly<Record<string, string | null>> | undefined;
      /** Absolute path that relative inputs start from. */
      readonly inputDirectory?: string | undefined;
      readonly splits: readonly Split[];
      /** Number of reduce tasks. */
      readonly reduces: number;
      /** Whether bad records are left out. Undefined in logs of earlier versions. */
      readonly skipBadRecords?: boolean | undefined;
      /** How many records may be bad before the job fails. Undefined in logs of earlier versions. */
      readonly maxBadRecords?: MaxBadRecords | undefined;
    }
  | { readonly type: "workerJoined"; readonly worker: number; readonly pid: number }
  | { readonly type: "workerLeft"; readonly worker: number }
  /** A worker may not take part: it has another app, other settings, or another protocol. */
  | { readonly type: "workerRefused"; readonly pid: number; readonly reason: string }
  /** A worker has been given a task. `isBackup`: another attempt of the task is alive, and slow. */
  | ({ readonly type: "attemptStarted"; readonly isBackup: boolean } & Attempt)
  /** About once a second for each attempt. */
  | ({ readonly type: "attemptProgressed"; readonly progress: Progress } & Attempt)
  /** The attempt's output counts: its task is completed. */
  | ({ readonly type: "attemptCompleted" } & CompletionFigures & Attempt)
  /** The attempt has failed. Its task will be tried again, unless the job ends. */
  | ({ readonly type: "attemptFailed"; readonly failure: Failure } & Attempt)
  /** A reduce attempt met outputs of map tasks that are missing or damaged. */
  | ({ readonly type: "attemptBlocked"; readonly failure: Failure } & Attempt)
  /** The attempt is lost: its worker is gone, or made no progress within the lease. */
  | ({ readonly type: "attemptLost"; readonly reason: LossReason } & Attempt)
  /** Another attempt of the task, number `by`, was granted the commit. */
  | ({ readonly type: "attemptSuperseded"; readonly by: number } & Attempt)
  /** The output of a completed map task is missing or damaged: the task is idle again. */
  | ({ readonly type: "taskReopened" } & TaskId)
  /** A task that an earlier coordinator of this job has seen completed. */
  | ({ readonly type: "taskRestored" } & CompletionFigures & TaskId)
  | { readonly type: "phaseStarted"; readonly phase: Phase }
  /** The log of the job cannot be written, which ends the job. */
  | { readonly type: "journalFailed"; readonly message: string }
  /** The event log cannot be written. The job continues without it. */
  | { readonly type: "eventLogFailed"; readonly message: string }
  /** The settings in tsconfig.json are wrong. This comes before `jobStarted`, and is not in the event log. */
  | { readonly type: "typesNotChecked"; readonly message: string }
  /** The last event. */
  | { readonly type: "jobEnded"; readonly outcome: JobOutcome };

/** Something that happened. */
export type JobEvent = UntimedEvent & {
  /** Milliseconds since the coordinator started, by a monotonic clock. */
  readonly atMs: number;
};

/** An event as the coordinator decides it: with reasons where a {@link JobEvent} has messages for people. */
export type UntimedDecidedEvent =
  | Exclude<UntimedEvent, { readonly type: "workerRefused" | "attemptFailed" | "jobEnded" }>
  | { readonly type: "workerRefused"; readonly pid: number; readonly refusal: Refusal }
  | ({ readonly type: "attemptFailed"; readonly failure: Failure | Timeout } & Attempt)
  | { readonly type: "jobEnded"; readonly outcome: JobEnd };

export type DecidedEvent = UntimedDecidedEvent & { readonly atMs: number };
