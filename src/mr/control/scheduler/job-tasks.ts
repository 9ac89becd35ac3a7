import type { AttemptId, Phase, TaskCounts, TaskResult } from "../../job/task.ts";
import type { Lease } from "./lease-book.ts";
import { type Task, TaskTable } from "./task-table.ts";

/** The tasks of a job: map tasks, and the reduce tasks that wait for all of them. */
export class JobTasks {
  #maps: TaskTable;
  readonly reduces: TaskTable;

  constructor(maps: number, reduces: number) {
    this.#maps = new TaskTable("map", maps);
    this.reduces = new TaskTable("reduce", reduces);
  }

  get maps(): TaskTable {
    return this.#maps;
  }

  /** Begins anew with another number of map tasks. No attempt may have been started. */
  replan(maps: number): void {
    this.#maps = new TaskTable("map", maps);
  }

  /** The table whose tasks may be handed out. */
  get open(): TaskTable {
    return this.#maps.allCompleted ? this.reduces : this.#maps;
  }

  get counts(): { readonly map: TaskCounts; readonly reduce: TaskCounts } {
    return { map: this.#maps.counts, reduce: this.reduces.counts };
  }

  /** The results of all completed tasks, maps first. */
  get results(): TaskResult[] {
    return [...this.#maps, ...this.reduces].flatMap(({ result }) => result ?? []);
  }

  table(phase: Phase): TaskTable {
    return phase === "map" ? this.#maps : this.reduces;
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
  straggler(leaseMs: number, nowMs: number): Task | undefined {
    const dueMs = this.backupDueMs(leaseMs);
    const lease = this.open.oldestAlone;
    if (dueMs === undefined || lease === undefined || dueMs > nowMs) return undefined;
    return this.taskOf(lease);
  }

  /** When the oldest attempt that runs alone will have had as long as a lease. */
  backupDueMs(leaseMs: number): number | undefined {
    const lease = this.open.oldestAlone;
    return lease === undefined ? undefined : lease.startedMs + leaseMs;
  }
}
