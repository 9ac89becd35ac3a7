import type { UntimedEvent } from "../../job/events.ts";
import type { JobOutcome } from "../../job/task.ts";
import type { AttemptEnd, JobView } from "../history/job-view.ts";

/**
 * A change of the page. A patch replaces rows of tables and named values; everything else stays. A snapshot is
 * a patch of everything, so both are applied in the same way.
 *
 * Times are milliseconds since the coordinator started, except `startedAt`.
 */
export interface Patch {
  /** This patch begins a snapshot: everything before it is dropped. */
  readonly reset?: true;
  readonly nowMs: number;
  readonly job?: JobRow;
  /** Files that `splits` refer to. */
  readonly files?: readonly string[];
  readonly splits?: ReadonlyArray<Row<SplitRow>>;
  readonly maps?: ReadonlyArray<Row<TaskRow>>;
  readonly reduces?: ReadonlyArray<Row<TaskRow>>;
  readonly attempts?: ReadonlyArray<Row<AttemptRow>>;
  readonly workers?: ReadonlyArray<Row<WorkerRow>>;
  readonly incidents?: ReadonlyArray<Row<IncidentRow>>;
  readonly counters?: Readonly<Record<string, number>>;
  readonly totals?: TotalsRow;
  readonly throughput?: ThroughputPatch;
  readonly shuffle?: ShufflePatch;
}

/** A row with its index in its table. Rows are arrays because there are many. */
export type Row<T extends readonly unknown[]> = readonly [index: number, ...T];

/** `startedAt` is wall clock, in milliseconds since 1970. */
export interface JobRow
  extends Readonly<
    Pick<JobView, "app" | "directory" | "startedAt" | "resumed" | "leaseMs" | "phase">
  > {
  readonly reduceStartMs: number | null;
  readonly maps: number;
  readonly reduces: number;
  readonly outcome: JobOutcome | null;
  readonly endMs: number | null;
}

/** The first input file of a task, the bytes of all its inputs, and the number of its other files. */
export type SplitRow = readonly [file: number, bytes: number, others: number];

/** State: 0 idle, 1 in progress, 2 completed. */
export type TaskRow = readonly [
  state: 0 | 1 | 2,
  attempts: number,
  alive: number,
  incidents: number,
  restored: 0 | 1,
  records: number,
  bytes: number,
  cpuMs: number,
  outputBytes: number,
];

/** Phase: 0 map, 1 reduce. A running attempt has no end. */
export type AttemptRow = readonly [
  phase: 0 | 1,
  task: number,
  attempt: number,
  worker: number,
  isBackup: 0 | 1,
  startMs: number,
  endMs: number | null,
  end: AttemptEnd | null,
  records: number,
  bytes: number,
  cpuMs: number,
];

export type WorkerRow = readonly [
  worker: number,
  pid: number,
  joinedMs: number,
  leftMs: number | null,
];

export type IncidentRow = readonly [
  atMs: number,
  type: UntimedEvent["type"],
  phase: 0 | 1,
  task: number,
  attempt: number | null,
  worker: number | null,
  message: string,
  stack: string | null,
];

/** Records, bytes and time are of all attempts, failed ones included. */
export type TotalsRow = readonly [
  completedMaps: number,
  completedReduces: number,
  records: number,
  bytes: number,
  cpuMs: number,
  shuffleBytes: number,
  outputBytes: number,
  /** The estimated time left in this phase; null if there is no estimate. */
  timeLeftMs: number | null,
];

/** The work done in each interval of time. If the width changes, all intervals are sent. */
export interface ThroughputPatch {
  readonly widthMs: number;
  readonly rows: ReadonlyArray<Row<readonly [records: number, bytes: number, cpuMs: number]>>;
}

/**
 * Bytes from map tasks to reduce tasks. A cell sums up several of each: row `i` is map tasks from
 * `i * mapsPerRow`.
 */
export interface ShufflePatch {
  readonly mapsPerRow: number;
  readonly reducesPerColumn: number;
  readonly rows: ReadonlyArray<Row<readonly number[]>>;
  /** The reduce task with the most bytes, and the median of all. */
  readonly largest: readonly [reduce: number, bytes: number, medianBytes: number] | null;
}
