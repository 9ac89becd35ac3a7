/** Defaults and limits of a job: every number that a user may set. */

import type { MaxBadRecords } from "./bad-records.ts";

const MEBIBYTE = 1024 * 1024;

/** The range of a number. */
export interface Range {
  readonly min: number;
  readonly max: number;
  readonly isWhole: boolean;
}

export const DEFAULT_REDUCES = 10;

/** How long an attempt may go without progress. */
export const DEFAULT_LEASE_MS = 10_000;

/** How many attempts of a task may fail before the job does. */
export const DEFAULT_ATTEMPTS = 4;
/** A worker that dies says little about its task, so losses are forgiven more often than failures. */
export const LOSSES_PER_ATTEMPT = 5;

/** How much memory a worker process may take. */
export const DEFAULT_MEMORY_BYTES = 512 * MEBIBYTE;
/** How many records may be bad: nearly all of them are if a field is misspelt. */
export const DEFAULT_MAX_BAD_RECORDS: MaxBadRecords = "90%";
/** How many skipped records of a task are listed; the others are only counted. */
export const MAX_SKIPPED_OF_TASK = 100;
/** How many skipped records of a job are listed. */
export const MAX_SKIPPED_OF_JOB = 1000;

/** How many sorted runs are merged at a time, each with an open file and a buffer. */
export const DEFAULT_FAN_IN = 64;
/**
 * The memory of Node itself, its code and its garbage, besides the tables and buffers of a task. It takes
 * 65 MiB before it does anything in Node 20, 85 in Node 24, and 30 more when the sources are run as they are.
 */
export const ENGINE_BYTES = 144 * MEBIBYTE;
export const MIN_MEMORY_BYTES = ENGINE_BYTES + 16 * MEBIBYTE;

/** By default a map task takes a part of a file whose size is between these two, by the size of the job. */
export const MAX_DEFAULT_SPLIT_BYTES = 64 * MEBIBYTE;
/** Small enough to distribute a job evenly, large enough that the fixed cost of a task is negligible. */
export const MIN_DEFAULT_SPLIT_BYTES = 32 * MEBIBYTE;

/**
 * The longest record, in bytes: V8's longest string in UTF-16 units, of which UTF-8 text never has more
 * than bytes. So every record can be made a string.
 */
export const MAX_RECORD_BYTES = 536_870_888;
/** The default limit of a row of CSV, in bytes. A quote that is never closed takes this much memory. */
export const DEFAULT_ROW_BYTES = 16 * MEBIBYTE;

/** The ranges of the numbers that `runJob` and the commands take. */
export const RANGES = {
  /** Worker processes on one machine; one per processor by default. */
  workers: whole(1, 1000),
  reduces: whole(1, 100_000),
  attempts: whole(1, 100),
  leaseMs: { min: 100, max: 86_400_000, isWhole: false },
  /** No limit by default. */
  taskTimeoutMs: { min: 100, max: Number.POSITIVE_INFINITY, isWhole: false },
  splitBytes: whole(1, Number.POSITIVE_INFINITY),
  memoryBytes: whole(MIN_MEMORY_BYTES, Number.POSITIVE_INFINITY),
} as const satisfies Readonly<Record<string, Range>>;

/** The longest `--task-timeout`. Without the option there is no limit. */
export const MAX_TASK_TIMEOUT_SECONDS = 31_536_000;
/** The most lines of `--top`. */
export const MAX_TOP = 1_000_000;

/** How long a worker that a user starts waits for its coordinator, which may be started a little later. */
export const CONNECT_TIMEOUT_MS = 2000;
/** How long `mrworker` waits for a coordinator that was killed to be resumed. */
export const DEFAULT_RECONNECT_MS = 30_000;
/** The longest `--wait`. */
export const MAX_RECONNECT_SECONDS = 86_400;

/** The minimum number of heartbeats per lease: a lost one, or a busy machine, must not cost a task. */
export const BEATS_PER_LEASE = 4;
/** How long the output of an attempt may take to be synced and published without progress. */
export const MAX_PUBLISHING_MS = 600_000;
/** Observers need progress this often. */
const MAX_BEAT_MS = 1000;

/** How often a worker whose attempt has a lease this long reports progress, in milliseconds. */
export function beatMs(leaseMs: number): number {
  return Math.min(leaseMs / BEATS_PER_LEASE, MAX_BEAT_MS);
}

function whole(min: number, max: number): Range {
  return { min, max, isWhole: true };
}
