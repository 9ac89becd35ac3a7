/**
 * What happens in a job, told to whoever watches it: a progress line, the dashboard, a report, a
 * program that called `runJob`. Nobody who watches can change or delay anything.
 */

/** Map tasks run before reduce tasks. */
export type Phase = "map" | "reduce";

/** Which try of which task. Attempts of a task are numbered from 1. */
export interface Attempt {
  /** Whether it is a map task or a reduce task. */
  readonly phase: Phase;
  /** The number of the task in its phase, from 0. */
  readonly task: number;
  /** The number of the attempt, from 1. */
  readonly attempt: number;
  /** The number of the worker it runs on. */
  readonly worker: number;
}

/** How far an attempt has come. */
export interface AttemptProgress {
  /** Records read and written. */
  readonly records: number;
  /** Bytes read and written. */
  readonly bytes: number;
  /** Processor time used, in milliseconds. */
  readonly cpuMs: number;
}

/** What went wrong in an attempt, for people. */
export interface Failure {
  /** One line. */
  readonly message: string;
  /** Where in the app, if it was the app. */
  readonly stack?: string | undefined;
  /** What was asked for can't be done, so it was not tried again. */
  readonly isUsage?: boolean | undefined;
}

/** A record that could not be used. */
export interface LeftOutRecord {
  /** The input as the user named it; not there in a reduce task. */
  readonly file?: string | undefined;
  /** Where it is in the file, such as `line 3, column 7`; in a reduce task, `key "a"`. */
  readonly place: string;
  /** What is wrong with it. */
  readonly reason: string;
}

/** What one map task reads: a part of an input and, where these are small, further ones. */
export interface PlannedSplit {
  /** As the user named it. */
  readonly file: string;
  /** In bytes. */
  readonly start: number;
  /** In bytes. */
  readonly end: number;
  /** Where small files share the task: the others. */
  readonly further?: readonly PlannedSplit[] | undefined;
}

/** How a job ended. */
export type JobOutcome =
  | {
      /** The output is complete. */
      readonly state: "completed";
    }
  | {
      /** A task could not be done. */
      readonly state: "failed";
      /** Which, and why. */
      readonly failure: Failure;
    }
  | {
      /** Somebody ended the job early. */
      readonly state: "cancelled";
      /** One line. */
      readonly reason: string;
    };

/** Why an attempt was given up before its worker reported anything. */
export type LossReason = "leaseEnded" | "workerGone";

/** Something that happened, without its time. */
export type UntimedEvent =
  /** The first event. `startedAt` is the wall clock, in milliseconds since 1970. */
  | {
      readonly type: "jobStarted";
      readonly directory: string;
      readonly startedAt: number;
      readonly resumed: boolean;
      /** How long an attempt may go without progress. */
      readonly leaseMs: number;
    }
  /** What the job consists of; once more when the app is known, if it changes the splits. */
  | {
      readonly type: "jobPlanned";
      /** File name of the app, or name of a shipped one; null until a worker has brought one. */
      readonly app: string | null;
      readonly splits: readonly PlannedSplit[];
      /** Number of reduce tasks. */
      readonly reduces: number;
    }
  | { readonly type: "workerJoined"; readonly worker: number; readonly pid: number }
  | { readonly type: "workerLeft"; readonly worker: number }
  /** A worker has been given a task. `isBackup`: another attempt of it is alive, and slow. */
  | ({ readonly type: "attemptStarted"; readonly isBackup: boolean } & Attempt)
  /** About once a second, for attempts that last so long. */
  | ({ readonly type: "attemptProgressed"; readonly progress: AttemptProgress } & Attempt)
  /** The attempt's output counts: its task is completed. */
  | ({
      readonly type: "attemptCompleted";
      /** Undefined if the worker did not say. */
      readonly progress: AttemptProgress | undefined;
      /** Lengths of the outputs in bytes: a map task's by reduce task; a reduce task has one. */
      readonly outputBytes: readonly number[];
      readonly counters: Readonly<Record<string, number>>;
      /** The first of the records that were left out, if any were. */
      readonly skipped?: readonly LeftOutRecord[];
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
  | ({ readonly type: "attemptSuperseded" } & Attempt)
  /** The output of a completed map task is missing or damaged: the task is idle again. */
  | { readonly type: "taskReopened"; readonly phase: Phase; readonly task: number }
  /** A task that another coordinator of this job had seen completed. */
  | {
      readonly type: "taskRestored";
      readonly phase: Phase;
      readonly task: number;
      readonly progress: AttemptProgress | undefined;
      readonly outputBytes: readonly number[];
      readonly counters: Readonly<Record<string, number>>;
      /** The first of the records that were left out, if any were. */
      readonly skipped?: readonly LeftOutRecord[];
      /** How often a map task wrote what it held to disk because its memory was full; 0 if not there. */
      readonly spills?: number;
    }
  | { readonly type: "phaseStarted"; readonly phase: Phase }
  /** The last event. */
  | { readonly type: "jobEnded"; readonly outcome: JobOutcome };

/** Something that happened, `atMs` milliseconds after the coordinator started. */
export type JobEvent = UntimedEvent & {
  /** Milliseconds since the coordinator started, by a clock that never goes back. */
  readonly atMs: number;
};
