import { isFinal } from "../../base/error-codes.ts";
import { tooManyBadRecords } from "../../job/bad-records.ts";
import type {
  AttemptId,
  Failure,
  JobFailure,
  LossReason,
  Phase,
  RecordTally,
  TaskCounts,
  TaskResult,
  Timeout,
} from "../../job/task.ts";
import type { Lease } from "./lease-book.ts";
import { type Task, TaskTable } from "./task-table.ts";
import type { JobShape } from "./types.ts";

/** The tasks of a job: map tasks, and the reduce tasks that wait for all of them. */
export class JobTasks {
  readonly #shape: JobShape;
  maps: TaskTable;
  readonly reduces: TaskTable;

  constructor(shape: JobShape) {
    this.#shape = shape;
    this.maps = new TaskTable("map", shape.maps);
    this.reduces = new TaskTable("reduce", shape.reduces);
  }

  /** Replaces the map tasks. No attempt may have been started. */
  replan(maps: number): void {
    this.maps = new TaskTable("map", maps);
  }

  /** The table whose tasks may be handed out. */
  get open(): TaskTable {
    return this.maps.allCompleted ? this.reduces : this.maps;
  }

  get counts(): { readonly map: TaskCounts; readonly reduce: TaskCounts } {
    return { map: this.maps.counts, reduce: this.reduces.counts };
  }

  /** The results of all completed tasks, maps first. */
  get results(): TaskResult[] {
    return [...this.maps, ...this.reduces].flatMap(({ result }) => result ?? []);
  }

  table(phase: Phase): TaskTable {
    return phase === "map" ? this.maps : this.reduces;
  }

  taskOf(id: { readonly phase: Phase; readonly task: number }): Task | undefined {
    return this.table(id.phase).get(id.task);
  }

  /** The lease of exactly this attempt, if it is still alive. */
  leaseOf(id: AttemptId): Lease | undefined {
    return this.taskOf(id)?.leases.find(({ attempt }) => attempt === id.attempt);
  }

  /**
   * The task that gets a backup attempt (the paper, section 3.6) when no task is idle: its only attempt is the
   * oldest, and has run for as long as a lease.
   */
  straggler(nowMs: number): Task | undefined {
    const lease = this.open.oldestAlone;
    return lease === undefined || this.backupDueMs > nowMs ? undefined : this.taskOf(lease);
  }

  /** When the oldest attempt that runs alone will have had as long as a lease; Infinity if there is none. */
  get backupDueMs(): number {
    return (this.open.oldestAlone?.startedMs ?? Infinity) + this.#shape.leaseMs;
  }

  /**
   * Counts a failed attempt of a task.
   *
   * @returns why the job fails, if it does
   */
  countFailure(task: Task, last: Failure | Timeout): JobFailure | undefined {
    task.failures += 1;
    if (!("timeoutMs" in last) && isFinal(last.code)) return { type: "usage", failure: last };
    if (task.failures < this.#shape.maxFailures) return undefined;
    return { type: "failedTooOften", ...this.#describe(task), count: task.failures, last };
  }

  /**
   * Counts a lost attempt of a task, or a lost output.
   *
   * @returns why the job fails, if it does
   */
  countLoss(task: Task, last: LossReason | "outputLost"): JobFailure | undefined {
    task.losses += 1;
    if (task.losses < this.#shape.maxLosses) return undefined;
    return { type: "lostTooOften", ...this.#describe(task), count: task.losses, last };
  }

  /** The reason why the job fails because of its bad records, if it does; to be asked at the end of each phase. */
  tooManyBadRecords(): JobFailure | undefined {
    const { maxBadRecords } = this.#shape;
    if (maxBadRecords === undefined) return undefined;
    // A part of the reduce tasks says nothing about all keys.
    const reduces = this.reduces.allCompleted ? talliesOf(this.reduces) : [];
    const found = tooManyBadRecords(maxBadRecords, talliesOf(this.maps), reduces);
    return found === undefined ? undefined : { type: "badRecords", ...found };
  }

  #describe({ phase, index }: Task) {
    const input = phase === "map" ? this.#shape.inputOf?.(index) : undefined;
    return { phase, task: index, ...(input === undefined ? {} : { input }) };
  }
}

function talliesOf(table: TaskTable): RecordTally[] {
  return Array.from(table).flatMap(({ result }) => result?.records ?? []);
}
