/**
 * The scheduler's vocabulary: what can happen (events), what it decides (effects), and what it
 * remembers of a task. Times are milliseconds of a monotonic clock with an arbitrary origin.
 */

export type Phase = "map" | "reduce";

/**
 *                  assign                       complete
 *     ┌──────┐ ────────────▶ ┌────────────┐ ────────────▶ ┌───────────┐
 *     │ idle │               │ inProgress │               │ completed │
 *     └──────┘ ◀──────────── └────────────┘               └───────────┘
 *         ▲      lease ended, worker gone,                      │
 *         │      attempt failed or timed out,                   │
 *         │      and no backup lives                            │
 *         └─────────────────────────────────────────────────────┘
 *                    map output missing or damaged
 */
export type TaskState =
  /** Nobody works on it. It is in the queue, or its phase has not begun. */
  | "idle"
  /** A worker, or two, hold a lease on it, which ends unless the worker makes progress. */
  | "inProgress"
  /** One attempt has published its output. Reports of any other attempt are stale. */
  | "completed";

/** Which try of which task. Attempts of a task are numbered from 1; a number is never used twice. */
export interface AttemptId {
  readonly phase: Phase;
  readonly task: number;
  readonly attempt: number;
}

/** A file that an attempt has published in the job directory. */
export interface OutputFile {
  /** Its name in the job directory, such as `mr-0-3`. */
  readonly name: string;
  /** Its length in bytes. */
  readonly bytes: number;
  /** CRC-32 of its contents, as an unsigned number. */
  readonly crc32: number;
}

/** A record that was left out: it is malformed, or the app threw on it. */
export interface SkippedRecord {
  /** The input as the user named it; not there in a reduce task. */
  readonly file?: string | undefined;
  /** Where it is in the file, such as `line 3, column 7` or `byte 512`; in a reduce task, `key "a"`. */
  readonly place: string;
  /** What is wrong with it. */
  readonly reason: string;
}

/** What a completed attempt leaves behind. */
export interface TaskResult {
  /** A map task's in the order of the reduce tasks; a reduce task has one. */
  readonly outputs: readonly OutputFile[];
  /** What the app has counted, by name. */
  readonly counters: Readonly<Record<string, number>>;
  /** How far the attempt had come in the end, if its worker has said so. */
  readonly progress?: Progress | undefined;
  /** The first records that were left out; all of them are counted as `skipped-records`. */
  readonly skipped?: readonly SkippedRecord[] | undefined;
  /** How often a map task wrote what it held to disk because its memory was full. */
  readonly spills?: number | undefined;
}

/** A task whose output is there, as another scheduler has to know it. */
export interface CompletedTask extends AttemptId {
  readonly result: TaskResult;
}

/** How far an attempt has come. Every number only grows while the attempt is alive and working. */
export interface Progress {
  /** Records read and written. */
  readonly records: number;
  /** Bytes read and written. */
  readonly bytes: number;
  /** Processor time used, in milliseconds. */
  readonly cpuMs: number;
}

/** What went wrong in an attempt, for people. */
export interface TaskFailure {
  /** One line. */
  readonly message: string;
  /** Where in the app, if it was the app. */
  readonly stack?: string | undefined;
  /** What the user has asked for can't be done: another attempt would fail in the same way. */
  readonly isUsage?: boolean | undefined;
}

export type SchedulerEvent =
  /** The map phase has this many tasks after all. Ignored once an attempt has been started. */
  | { readonly type: "plan"; readonly maps: number }
  /** These tasks were completed before this scheduler existed. It must be the first event but `plan`. */
  | { readonly type: "resume"; readonly completed: readonly CompletedTask[] }
  /** A worker asks for a task. Asking again while it holds one gets it the same one again. */
  | { readonly type: "request"; readonly worker: number }
  /** A worker's request can no longer be answered: its connection is gone, its attempt continues. */
  | { readonly type: "withdraw"; readonly worker: number }
  /** A worker is gone, with whatever it was doing. */
  | { readonly type: "leave"; readonly worker: number }
  | ({ readonly type: "progress"; readonly progress: Progress } & AttemptId)
  /** An attempt has its output ready under temporary names and asks to publish it. */
  | ({ readonly type: "commit" } & AttemptId)
  | ({ readonly type: "complete"; readonly result: TaskResult } & AttemptId)
  /**
   * An attempt has failed. A reduce attempt that has met outputs of map tasks that are missing or
   * damaged says which tasks': they run again, and the reduce task has not failed.
   */
  | ({
      readonly type: "fail";
      readonly failure: TaskFailure;
      readonly damagedMaps?: readonly number[];
    } & AttemptId)
  /** Time has passed. */
  | { readonly type: "tick" }
  | { readonly type: "cancel"; readonly reason: string };

/** Why an attempt was given up before its worker reported anything. */
export type LossReason = "leaseEnded" | "workerGone";

export type Effect =
  /** Tell the worker to run this attempt. */
  | ({ readonly type: "assign"; readonly worker: number } & AttemptId)
  /** Another attempt of its task has been granted the commit: what this one does is for nothing. */
  | ({ readonly type: "superseded"; readonly worker: number } & AttemptId)
  /** A reduce attempt could not go on because of map outputs. Its task waits for them. */
  | ({
      readonly type: "blocked";
      readonly worker: number;
      readonly failure: TaskFailure;
    } & AttemptId)
  /** What this attempt had published is missing or damaged: its task is idle again. */
  | ({ readonly type: "reopened" } & AttemptId)
  /** Tell the worker that there is nothing more to do. */
  | { readonly type: "dismiss"; readonly worker: number }
  /** Answer the report that caused this step. A stale report is refused and has no other effect. */
  | { readonly type: "verdict"; readonly accepted: boolean }
  | ({ readonly type: "completed"; readonly worker: number } & AttemptId)
  | ({ readonly type: "lost"; readonly worker: number; readonly reason: LossReason } & AttemptId)
  | ({
      readonly type: "failed";
      readonly worker: number;
      readonly failure: TaskFailure;
    } & AttemptId)
  /** All map tasks are completed, for the first time or once more. */
  | { readonly type: "phaseStarted"; readonly phase: Phase }
  /** The last effect of a job, once. */
  | { readonly type: "ended"; readonly outcome: Outcome };

export type Outcome =
  | { readonly state: "completed" }
  | { readonly state: "failed"; readonly failure: TaskFailure }
  | { readonly state: "cancelled"; readonly reason: string };

export interface JobShape {
  /** Number of map tasks. */
  readonly maps: number;
  /** Number of reduce tasks. */
  readonly reduces: number;
  /** How long an attempt may go without progress before it is lost. */
  readonly leaseMs: number;
  /** How many attempts of one task may report a failure before the job fails. */
  readonly maxFailures: number;
  /**
   * How many attempts of one task may be lost without a word, or lose their output afterwards, before
   * the job fails. It is larger than
   * `maxFailures`: a machine that dies says nothing about the task, but a task that takes every
   * worker down with it must not do so for ever.
   */
  readonly maxLosses: number;
  /** How many backup attempts a task may have: 1, or 0 for none. */
  readonly maxBackups: number;
  /** How long an attempt may run, whatever its progress, before it has failed; Infinity for no limit. */
  readonly taskTimeoutMs: number;
  /** What a map task reads, in words for people, for messages about tasks whose workers say nothing. */
  readonly inputOf?: ((map: number) => string | undefined) | undefined;
}

export interface TaskCounts {
  readonly idle: number;
  readonly inProgress: number;
  readonly completed: number;
}
