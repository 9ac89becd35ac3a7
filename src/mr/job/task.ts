import type { ErrorCode } from "../base/error-codes.ts";
import type { TaskInput } from "./split.ts";

/** Map tasks run before reduce tasks. */
export type Phase = "map" | "reduce";

/** Which try of which task. Attempts of a task are numbered from 1; a number is never used twice. */
export interface AttemptId {
  /** Whether it is a map task or a reduce task. */
  readonly phase: Phase;
  /** The number of the task in its phase, from 0. */
  readonly task: number;
  /** The number of the attempt, from 1. */
  readonly attempt: number;
}

/** An attempt and the worker it runs on. */
export interface Attempt extends AttemptId {
  /** The number of the worker. */
  readonly worker: number;
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

/** A file that an attempt has published in the job directory. */
export interface OutputFile {
  /** Its name in the job directory, such as `mr-0-3`. */
  readonly name: string;
  /** Its length in bytes. */
  readonly bytes: number;
  /** CRC-32 of its contents, as an unsigned number. */
  readonly crc32: number;
}

/** A record that was skipped: it is malformed, or the app threw on it. */
export interface SkippedRecord {
  /** The input as the user named it; not there in a reduce task. */
  readonly file?: string | undefined;
  /** Where it is in the file, such as `line 3, column 7` or `byte 512`; in a reduce task, `key "a"`. */
  readonly place: string;
  /** What is wrong with it. */
  readonly reason: string;
}

/** The counter of records that were skipped with `--skip-bad-records`. */
export const SKIPPED_RECORDS = "skipped-records";

/** What a completed attempt leaves behind. */
export interface TaskResult {
  /** A map task's in the order of the reduce tasks; a reduce task has one. */
  readonly outputs: readonly OutputFile[];
  /** What the app has counted, by name. */
  readonly counters: Readonly<Record<string, number>>;
  /** How far the attempt had come in the end, if its worker has said so. */
  readonly progress?: Progress | undefined;
  /** The first records that were skipped; all of them are counted as {@link SKIPPED_RECORDS}. */
  readonly skipped?: readonly SkippedRecord[] | undefined;
  /** How often a map task wrote what it held to disk because its memory was full. */
  readonly spills?: number | undefined;
}

/** A task whose output is there. */
export interface CompletedTask extends AttemptId {
  readonly result: TaskResult;
}

/** What went wrong in an attempt. With the code `USAGE`, another attempt would fail in the same way. */
export interface Failure {
  /** What kind of error it is. */
  readonly code: ErrorCode;
  /** One line, for people. */
  readonly message: string;
  /** Where in the app, if it was the app. */
  readonly stack?: string | undefined;
}

/** Why an attempt was given up before its worker reported anything. */
export type LossReason = "leaseEnded" | "workerGone";

/** An attempt that ran for longer than the task timeout. */
export interface Timeout {
  readonly code: "TASK_TIMED_OUT";
  readonly timeoutMs: number;
}

/** Why a job failed. {@link JobOutcome} has it in words. */
export type JobFailure =
  /** An attempt failed in a way in which any other would. */
  | { readonly type: "usage"; readonly failure: Failure }
  /** So many attempts of a task failed, the last one like this. */
  | {
      readonly type: "failedTooOften";
      readonly phase: Phase;
      readonly task: number;
      readonly count: number;
      readonly last: Failure | Timeout;
      /** What a map task reads, if that is known. */
      readonly input?: TaskInput | undefined;
    }
  /** So many attempts of a task were lost, or lost their output afterwards, the last one like this. */
  | {
      readonly type: "lostTooOften";
      readonly phase: Phase;
      readonly task: number;
      readonly count: number;
      readonly last: LossReason | "outputLost";
      /** What a map task reads, if that is known. */
      readonly input?: TaskInput | undefined;
    };

/** Why a job was ended early. {@link JobOutcome} has it in words. */
export type CancelReason =
  /** A user or a program asked for it, with a message or without. */
  | { readonly type: "requested"; readonly message?: string | undefined }
  /** An error after which the job cannot go on. */
  | { readonly type: "error"; readonly code: ErrorCode; readonly message: string };

/** How a job ended, as the scheduler decides it: with a reason where {@link JobOutcome} has a message. */
export type JobEnd =
  | { readonly state: "completed" }
  | { readonly state: "failed"; readonly reason: JobFailure }
  | { readonly state: "cancelled"; readonly reason: CancelReason };

/** Why a worker may not take part in a job. */
export type Refusal =
  /** It speaks another version of the protocol. */
  | { readonly type: "protocol"; readonly job: number; readonly worker: number }
  /** It has another app. */
  | {
      readonly type: "app";
      readonly job: string;
      readonly jobDigest: string;
      readonly worker: string;
      readonly workerDigest: string;
    }
  /** Its app needs more reduce tasks than the job has. */
  | {
      readonly type: "reduces";
      readonly app: string;
      readonly needed: number;
      readonly reduces: number;
    }
  /** Its app has another value of a setting; null if it is not set. */
  | {
      readonly type: "setting";
      readonly app: string;
      readonly name: string;
      readonly job: string | null;
      readonly worker: string | null;
    };

/** How a job ended. */
export type JobOutcome =
  /** The output is complete. */
  | { readonly state: "completed" }
  /** A task could not be done: which, and why. */
  | { readonly state: "failed"; readonly failure: Failure }
  /** The job was ended early. The reason is one line, for people. */
  | { readonly state: "cancelled"; readonly reason: string };

/** How many tasks of a phase are in which state. */
export interface TaskCounts {
  readonly idle: number;
  readonly inProgress: number;
  readonly completed: number;
}
