import type { ErrorCode } from "../base/error-codes.ts";
import type { BadRecords } from "./bad-records.ts";
import type { TaskInput } from "./split.ts";

/** Map tasks run before reduce tasks. */
export type Phase = "map" | "reduce";
export const PHASES = ["map", "reduce"] as const satisfies readonly Phase[];

/** Identifies a task. */
export interface TaskId {
  /** Whether it is a map task or a reduce task. */
  readonly phase: Phase;
  /** The number of the task in its phase, from 0. */
  readonly task: number;
}

/** Identifies an attempt of a task. No two attempts of a task have the same number. */
export interface AttemptId extends TaskId {
  /** The number of the attempt, from 1. */
  readonly attempt: number;
}

/** Identifies an attempt within a job. */
export function attemptKey({ phase, task, attempt }: AttemptId): string {
  return `${phase} ${task} ${attempt}`;
}

/** An attempt and the worker it runs on. */
export interface Attempt extends AttemptId {
  /** The number of the worker. */
  readonly worker: number;
}

/** How far an attempt has come. No number decreases, and one of them increases while the attempt works. */
export interface Progress {
  /** Records that a map task has read, and pairs that its `map` has returned instead of emitting them; or keys. */
  readonly records: number;
  /**
   * Bytes read: of a map task's part of the input, uncompressed; or of the map outputs for a reduce task. Each byte
   * counts once, so those of all completed map tasks are the size of the input.
   */
  readonly bytes: number;
  /** Processor time used, in milliseconds. */
  readonly cpuMs: number;
}

export const NO_PROGRESS: Progress = { records: 0, bytes: 0, cpuMs: 0 };

/** A file that an attempt has published in the job directory. */
export interface OutputFile {
  /** Its name in the job directory, such as `mr-0-3`. */
  readonly name: string;
  /** Its length in bytes. */
  readonly bytes: number;
  /** CRC-32 of its contents, as an unsigned number. */
  readonly crc32: number;
  /**
   * Of a result in a format of this package: how many outputs of `reduce` it has, each of which should be one line. It
   * has more lines if one of them contains a line feed.
   */
  readonly lines?: number | undefined;
}

/** A place in an input: a record that was skipped, since it is malformed or the app threw on it. */
export interface SkippedRecord {
  /** The input as the user named it; absent in a reduce task. */
  readonly file?: string | undefined;
  /** Where it is in the file, such as `line 3, column 7` or `byte 512`; in a reduce task, `key "a"`. */
  readonly place: string;
  /** Why it was skipped. */
  readonly reason: string;
}

/** The counter of records that were skipped with `--skip-bad-records`. */
export const SKIPPED_RECORDS = "skipped-records";

/** The counter of files, or parts of split files, with bytes that are not UTF-8 and that the app did not get. */
export const REPLACED_FILES = "files-not-utf8";

/** The counter of keys for which `reduce`, or the output, made a text of bytes that are not UTF-8. */
export const REPLACED_KEYS = "keys-not-utf8";

/** The counter of keys with a sum of 2⁵³ or more, whose last digits may depend on how the input is split. */
export const INEXACT_SUMS = "sums-inexact";

/**
 * Why the text of such a file, or key, is not what its bytes are.
 *
 * @param how what becomes of such bytes
 * @param what may become equal
 */
export function describeReplacement(
  byte: number,
  how = "U+FFFD stands for such bytes",
  what: "keys" | "texts" = "keys",
): string {
  const found = `the byte 0x${byte.toString(16)} is not UTF-8`;
  return `${found}; ${how}, which can make different ${what} equal`;
}

/** What becomes of such bytes in the record form, and in `reduce`, where a byte slice is made a string or cut into words. */
export const LOST_IN_RECORDS = "such bytes end a word, and become U+FFFD in a string";

/** The records that a map task has read, or the keys that a reduce task has, and how many of them are bad. */
export interface RecordTally {
  readonly read: number;
  /** The numbers of bad ones by the counters that count them. Each bad one is counted by one counter. */
  readonly bad: Readonly<Record<string, number>>;
  /** The first bad one. */
  readonly first?: SkippedRecord | undefined;
}

/** The result of a completed attempt. */
export interface TaskResult {
  /** Those of a map task in the order of the reduce tasks; a reduce task has one. */
  readonly outputs: readonly OutputFile[];
  /** The counters of the app, by name. */
  readonly counters: Readonly<Record<string, number>>;
  /** How far the attempt had come at its end, if its worker has reported it. */
  readonly progress?: Progress | undefined;
  /** The first records that were skipped; all of them are counted as `skipped-records`. */
  readonly skipped?: readonly SkippedRecord[] | undefined;
  /** How often a map task spilled to disk because its memory was full. */
  readonly spills?: number | undefined;
  readonly records?: RecordTally | undefined;
  /**
   * The first byte that is not UTF-8, and that was lost, of each such file that a map task has read; the first 100 of
   * them. Of a reduce task: the first key for which such bytes were lost.
   */
  readonly replaced?: readonly SkippedRecord[] | undefined;
}

/** A task whose output is complete, and the attempt that completed it. */
export interface CompletedTask extends AttemptId {
  readonly result: TaskResult;
}

/** Why an attempt failed. With some codes any other attempt would fail in the same way; see `isFinal`. */
export interface Failure {
  /** The kind of error. */
  readonly code: ErrorCode;
  /** One line, for people. */
  readonly message: string;
  /** The stack of an error that the app threw. */
  readonly stack?: string | undefined;
}

/** Why an attempt was given up although its worker had not reported a failure. */
export type LossReason = "leaseEnded" | "workerGone";

/** An attempt that ran for longer than the task timeout. */
export interface Timeout {
  readonly code: "TASK_TIMED_OUT";
  readonly timeoutMs: number;
}

/** Why a job failed. {@link JobOutcome} has a message instead. */
export type JobFailure =
  /** An attempt failed as any other would. */
  | { readonly type: "usage"; readonly failure: Failure }
  /** Too many attempts of a task failed. */
  | ({ readonly type: "failedTooOften"; readonly last: Failure | Timeout } & FailedTask)
  /** Too many attempts of a task were lost, or lost their output afterwards. */
  | ({ readonly type: "lostTooOften"; readonly last: LossReason | "outputLost" } & FailedTask)
  /** Too many records, or keys, are bad. */
  | ({ readonly type: "badRecords" } & BadRecords);

/** The task that made a job fail. */
interface FailedTask extends TaskId {
  /** How many of its attempts failed or were lost. */
  readonly count: number;
  /** The input of a map task, if it is known. */
  readonly input?: TaskInput | undefined;
}

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

/** The values of the job and of the worker. */
interface Both<T> {
  readonly job: T;
  readonly worker: T;
}

/** Why a worker may not take part in a job: where the two differ. */
export type Refusal =
  /** The version of the protocol. */
  | ({ readonly type: "protocol" } & Both<number>)
  /** The name and the digest of the app. */
  | ({
      readonly type: "app";
      readonly jobDigest: string;
      readonly workerDigest: string;
    } & Both<string>)
  /** The number of reduce tasks: fewer than the worker's app needs. */
  | ({ readonly type: "reduces"; readonly app: string } & Both<number>)
  /** The value of a setting; null if it is not set. */
  | ({ readonly type: "setting"; readonly app: string; readonly name: string } & Both<
      string | null
    >);

/** How a job ended. */
export type JobOutcome =
  /** The output is complete. */
  | { readonly state: "completed" }
  /** A task could not be completed. The message names it. */
  | { readonly state: "failed"; readonly failure: Failure }
  /** The job was ended early, for a reason in one line, for people. */
  | { readonly state: "cancelled"; readonly reason: string };

/** How many tasks of a phase are in which state. */
export interface TaskCounts {
  readonly idle: number;
  readonly inProgress: number;
  readonly completed: number;
}
