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
  SkippedRecord,
  Timeout,
} from "./task.ts";

/*
 * What happens in a job, for observers: a progress line, the dashboard, a report, a program that called
 * `runJob`. Observers cannot change or delay the job.
 */

/** Something that happened, without its time. */
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
  /** What the job consists of; once more when the app is known, if it changes the splits. */
  | {
      readonly type: "jobPlanned";
      /** File name of the app, or name of a shipped one; null until a worker has brought one. */
      readonly app: string | null;
      readonly splits: readonly Split[];
      /** Number of reduce tasks. */
      readonly reduces: number;
    }
  | { readonly type: "workerJoined"; readonly worker: number; readonly pid: number }
  | { readonly type: "workerLeft"; readonly worker: number }
  /** A worker may not take part: it has another app, other settings, or another protocol. */
  | {
      readonly type: "workerRefused";
      readonly pid: number;
      /** One line, for people. */
      readonly reason: string;
    }
  /** A worker has been given a task. `isBackup`: another attempt of it is alive, and slow. */
  | ({ readonly type: "attemptStarted"; readonly isBackup: boolean } & Attempt)
  /** About once a second, for attempts that last so long. */
  | ({ readonly type: "attemptProgressed"; readonly progress: Progress } & Attempt)
  /** The attempt's output counts: its task is completed. */
  | ({
      readonly type: "attemptCompleted";
      /** Undefined if the worker did not say. */
      readonly progress: Progress | undefined;
      /** Lengths of the outputs in bytes: a map task's by reduce task; a reduce task has one. */
      readonly outputBytes: readonly number[];
      readonly counters: Readonly<Record<string, number>>;
      /** The first of the records that were skipped, if any were. */
      readonly skipped?: readonly SkippedRecord[];
      /** How often a map task wrote what it held to disk because its memory was full; 0 if not there. */
      readonly spills?: number;
    } & Attempt)
  /** The attempt said that it failed. Its task will be tried again, unless the job ends. */
  | ({ readonly type: "attemptFailed"; readonly failure: Failure } & Attempt)
  /** A reduce attempt met outputs of map tasks that are missing or damaged. */
  | ({ readonly type: "attemptBlocked"; readonly failure: Failure } & Attempt)
  /** The attempt was given up: its worker is gone, or made no progress within the lease. */
  | ({ readonly type: "attemptLost"; readonly reason: LossReason } & Attempt)
  /** Another attempt of the task was granted the commit. */
  | ({
      readonly type: "attemptSuperseded";
      /** The number of that attempt. */
      readonly by: number;
    } & Attempt)
  /** The output of a completed map task is missing or damaged: the task is idle again. */
  | { readonly type: "taskReopened"; readonly phase: Phase; readonly task: number }
  /** A task that another coordinator of this job had seen completed. */
  | {
      readonly type: "taskRestored";
      readonly phase: Phase;
      readonly task: number;
      readonly progress: Progress | undefined;
      readonly outputBytes: readonly number[];
      readonly counters: Readonly<Record<string, number>>;
      /** The first of the records that were skipped, if any were. */
      readonly skipped?: readonly SkippedRecord[];
      /** How often a map task wrote what it held to disk because its memory was full; 0 if not there. */
      readonly spills?: number;
    }
  | { readonly type: "phaseStarted"; readonly phase: Phase }
  /** Decisions can no longer be kept, which ends the job. */
  | {
      readonly type: "journalFailed";
      /** One line, for people. */
      readonly message: string;
    }
  /** The event log cannot be written. The job goes on without it. */
  | {
      readonly type: "eventLogFailed";
      /** One line, for people. */
      readonly message: string;
    }
  /** The last event. */
  | { readonly type: "jobEnded"; readonly outcome: JobOutcome };

/** Something that happened, `atMs` milliseconds after the coordinator started. */
export type JobEvent = UntimedEvent & {
  /** Milliseconds since the coordinator started, by a clock that never goes back. */
  readonly atMs: number;
};

/** The same as the coordinator has it: with reasons where a {@link JobEvent} has messages for people. */
export type UntimedDecidedEvent =
  | Exclude<UntimedEvent, { readonly type: "workerRefused" | "attemptFailed" | "jobEnded" }>
  | { readonly type: "workerRefused"; readonly pid: number; readonly refusal: Refusal }
  | ({ readonly type: "attemptFailed"; readonly failure: Failure | Timeout } & Attempt)
  | { readonly type: "jobEnded"; readonly outcome: JobEnd };

export type DecidedEvent = UntimedDecidedEvent & { readonly atMs: number };
