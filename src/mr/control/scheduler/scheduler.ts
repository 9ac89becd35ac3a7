import type {
  Attempt,
  AttemptId,
  CompletedTask,
  JobEnd,
  JobFailure,
  LossReason,
  Phase,
  TaskCounts,
  TaskResult,
} from "../../job/task.ts";
import { JobTasks } from "./job-tasks.ts";
import { attemptOf, type Lease, LeaseBook } from "./lease-book.ts";
import type { Task } from "./task-table.ts";
import type { Effect, JobShape, SchedulerEvent } from "./types.ts";

/**
 * Decides which worker runs which attempt. It is pure: an event and the time go in, effects come out, and the
 * same sequence of events gives the same sequence of effects. It knows tasks by number only; files, sockets and
 * clocks belong to its caller.
 *
 * Map tasks are handed out first, reduce tasks while every map task is completed. A worker holds at
 * most one attempt at a time. A task has one live attempt, or two when the first is a straggler; one
 * of them is granted the commit, which ends the other. An attempt that lost its lease stays lost: its later
 * reports are refused, so two attempts never both count.
 */
export class Scheduler {
  readonly #shape: JobShape;
  readonly #tasks: JobTasks;
  /** Workers whose request waits for a task, longest wait first. */
  readonly #waiting = new Set<number>();
  readonly #leases: LeaseBook;
  /** Whether any attempt has ever been handed out, which fixes the plan. */
  started = false;
  /** All reduce tasks are completed, and their results are being checked. */
  #isChecking = false;
  /** Undefined while the job runs. */
  outcome: JobEnd | undefined;

  constructor(shape: JobShape) {
    this.#shape = shape;
    this.#tasks = new JobTasks(shape);
    this.#leases = new LeaseBook(shape.leaseMs, shape.taskTimeoutMs);
  }

  /** The phase whose tasks are handed out. A lost map output brings back the map phase. */
  get phase(): Phase {
    return this.#tasks.open.phase;
  }

  get counts(): { readonly map: TaskCounts; readonly reduce: TaskCounts } {
    return this.#tasks.counts;
  }

  /** When a `tick` is due, for an attempt to end or a backup to begin; undefined for never. */
  get nextDeadlineMs(): number | undefined {
    const { nextEndMs } = this.#leases;
    if (nextEndMs === undefined || this.#waiting.size === 0) return nextEndMs;
    return Math.min(nextEndMs, this.#tasks.backupDueMs);
  }

  get running(): readonly Attempt[] {
    return [...this.#leases].map(attemptOf);
  }

  /** Number of attempts of a task that are alive: 2 when one is a backup of the other. */
  liveAttempts(phase: Phase, task: number): number {
    return this.#tasks.taskOf({ phase, task })?.leases.length ?? 0;
  }

  /** The result of a completed task; undefined for any other. */
  resultOf(phase: Phase, task: number): TaskResult | undefined {
    return this.#tasks.taskOf({ phase, task })?.result;
  }

  /** The results of all completed tasks, maps first. */
  get results(): TaskResult[] {
    return this.#tasks.results;
  }

  /**
   * Takes one event and decides what follows from it.
   *
   * @param nowMs the time of the event; never less than in the call before
   */
  step(event: SchedulerEvent, nowMs: number): Effect[] {
    // A report after the deadline of its attempt is stale, even if no tick came in between.
    const effects = this.#endOverdue(nowMs);
    switch (event.type) {
      case "plan":
        if (!this.started) this.#tasks.replan(event.maps);
        break;
      case "resume":
        this.#resume(event.completed, effects);
        break;
      case "request":
        this.#request(event.worker, effects);
        break;
      case "withdraw":
        this.#waiting.delete(event.worker);
        break;
      case "leave":
        this.#leave(event.worker, effects);
        break;
      case "progress": {
        const lease = this.#tasks.leaseOf(event);
        if (lease !== undefined) this.#leases.renew(lease, event, nowMs);
        effects.push(verdict(lease !== undefined));
        break;
      }
      case "commit":
        this.#commit(event, effects);
        break;
      case "complete":
        this.#complete(event, event.result, effects);
        break;
      case "fail":
        this.#fail(event, effects);
        break;
      case "checked":
        this.#checked(event.lost, effects);
        break;
      case "tick":
        break;
      case "cancel":
        this.#end({ state: "cancelled", reason: event.reason }, effects);
        break;
    }
    this.#assignWaiting(nowMs, effects);
    return effects;
  }

  #resume(completed: readonly CompletedTask[], effects: Effect[]): void {
    if (this.started) return;
    this.started = true;
    for (const { result, ...id } of completed) {
      const task = this.#tasks.taskOf(id);
      if (task?.state === "idle") this.#tasks.table(id.phase).restore(task, id.attempt, result);
    }
    this.#advance(this.#tasks.maps.allCompleted, effects);
  }

  #request(worker: number, effects: Effect[]): void {
    if (this.outcome !== undefined) {
      effects.push({ type: "dismiss", worker });
      return;
    }
    const held = this.#leases.heldBy(worker);
    // A worker that asks although it holds a task did not get the answer to its last request.
    if (held === undefined) this.#waiting.add(worker);
    else effects.push({ type: "assign", ...attemptOf(held) });
  }

  #leave(worker: number, effects: Effect[]): void {
    this.#waiting.delete(worker);
    const lease = this.#leases.heldBy(worker);
    if (lease !== undefined) this.#lose(lease, "workerGone", effects);
  }

  /**
   * Grants the commit to the first attempt that asks. Asking again is safe, since the answer may have been lost. A
   * rival attempt loses its lease at once, so that its worker is free for another task.
   */
  #commit(id: AttemptId, effects: Effect[]): void {
    const task = this.#tasks.taskOf(id);
    const lease = this.#tasks.leaseOf(id);
    effects.push(verdict(lease !== undefined));
    if (task === undefined || lease === undefined) return;
    this.#tasks.table(id.phase).grant(task, lease);
    for (const rival of task.leases.filter((other) => other !== lease)) {
      this.#drop(rival);
      effects.push({ type: "superseded", by: lease.attempt, ...attemptOf(rival) });
    }
  }

  #complete(id: AttemptId, result: TaskResult, effects: Effect[]): void {
    const task = this.#tasks.taskOf(id);
    const lease = this.#tasks.leaseOf(id);
    if (task === undefined || lease === undefined || task.granted !== id.attempt) {
      // A report that is repeated because its answer was lost is not stale.
      const isRepeated = task?.state === "completed" && task.winner === id.attempt;
      effects.push(verdict(isRepeated));
      return;
    }
    this.#leases.close(lease);
    this.#tasks.table(id.phase).complete(task, lease, result);
    effects.push(verdict(true), { type: "completed", ...attemptOf(lease) });
    this.#advance(id.phase === "map" && this.#tasks.maps.allCompleted, effects);
  }

  /**
   * Ends a phase whose last task is completed. The job is complete with its reduce tasks and their results, even if a
   * map output was lost since.
   */
  #advance(areMapsDone: boolean, effects: Effect[]): void {
    const { allCompleted } = this.#tasks.reduces;
    if (!allCompleted && !areMapsDone) return;
    const reason = this.#tasks.tooManyBadRecords();
    if (reason !== undefined) this.#endFailed(reason, effects);
    else if (!allCompleted) effects.push({ type: "phaseStarted", phase: "reduce" });
    else if (this.#shape.checksResults !== true) this.#end({ state: "completed" }, effects);
    else if (!this.#isChecking) {
      this.#isChecking = true;
      effects.push({ type: "checkResults" });
    }
  }

  /** Runs the reduce tasks again whose results are lost. Without any, the job is complete. */
  #checked(lost: readonly number[], effects: Effect[]): void {
    if (!this.#isChecking || this.outcome !== undefined) return;
    this.#isChecking = false;
    const tasks = lost.flatMap((index) => this.#tasks.reduces.get(index) ?? []);
    for (const task of tasks) this.#reopen(task, effects);
    if (tasks.length === 0) this.#end({ state: "completed" }, effects);
  }

  #fail(event: Extract<SchedulerEvent, { type: "fail" }>, effects: Effect[]): void {
    const { failure } = event;
    const lease = this.#tasks.leaseOf(event);
    effects.push(verdict(lease !== undefined));
    if (lease === undefined) return;
    const task = this.#drop(lease);
    if (task === undefined) return;
    const damaged = event.phase === "reduce" ? (event.damagedMaps ?? []) : [];
    const sources = damaged.flatMap((map) => this.#tasks.maps.get(map) ?? []);
    if (sources.length > 0) {
      effects.push({ type: "blocked", failure, ...attemptOf(lease) });
      for (const source of sources) {
        // It may have been completed again after the reader was assigned.
        const isSeen = source.completion <= lease.mapsSeen;
        if (source.state === "completed" && isSeen) this.#reopen(source, effects);
      }
      return;
    }
    effects.push({ type: "failed", failure, ...attemptOf(lease) });
    this.#endFailed(this.#tasks.countFailure(task, failure), effects);
  }

  /** Runs a completed task again, because its output is lost. */
  #reopen(task: Task, effects: Effect[]): void {
    const { phase, index, winner } = task;
    effects.push({ type: "reopened", phase, task: index, attempt: winner });
    this.#tasks.table(phase).reopen(task);
    this.#endFailed(this.#tasks.countLoss(task, "outputLost"), effects);
  }

  #endOverdue(nowMs: number): Effect[] {
    const effects: Effect[] = [];
    for (const lease of this.#leases) {
      if (lease.endsMs > nowMs) break;
      this.#lose(lease, "leaseEnded", effects);
    }
    for (const lease of this.#leases.byStart) {
      if (lease.startedMs + this.#shape.taskTimeoutMs > nowMs) break;
      this.#timeOut(lease, effects);
    }
    return effects;
  }

  /** Fails an attempt by the task timeout: in an endless loop, it would renew its lease for ever. */
  #timeOut(lease: Lease, effects: Effect[]): void {
    const task = this.#drop(lease);
    if (task === undefined) return;
    const failure = { code: "TASK_TIMED_OUT", timeoutMs: this.#shape.taskTimeoutMs } as const;
    effects.push({ type: "failed", failure, ...attemptOf(lease) });
    this.#endFailed(this.#tasks.countFailure(task, failure), effects);
  }

  #lose(lease: Lease, reason: LossReason, effects: Effect[]): void {
    const task = this.#drop(lease);
    if (task === undefined) return;
    effects.push({ type: "lost", reason, ...attemptOf(lease) });
    this.#endFailed(this.#tasks.countLoss(task, reason), effects);
  }

  /** Ends the job if there is a reason why it fails. */
  #endFailed(reason: JobFailure | undefined, effects: Effect[]): void {
    if (reason !== undefined) this.#end({ state: "failed", reason }, effects);
  }

  /** Ends the job, for whatever reason, once. */
  #end(outcome: JobEnd, effects: Effect[]): void {
    if (this.outcome !== undefined) return;
    this.outcome = outcome;
    for (const worker of this.#waiting) effects.push({ type: "dismiss", worker });
    this.#waiting.clear();
    // The reports of attempts that still run are stale from here on.
    for (const lease of this.#leases) this.#drop(lease);
    effects.push({ type: "ended", outcome });
  }

  #assignWaiting(nowMs: number, effects: Effect[]): void {
    if (this.outcome !== undefined) return;
    for (const worker of this.#waiting) {
      const table = this.#tasks.open;
      const task = table.takeIdle() ?? this.#tasks.straggler(nowMs);
      if (task === undefined) return;
      this.started = true;
      this.#waiting.delete(worker);
      const id = { phase: task.phase, task: task.index, attempt: task.attempts + 1 };
      const lease = this.#leases.open(id, worker, this.#tasks.maps.completions, nowMs);
      table.start(task, lease, this.#shape.maxBackups);
      effects.push({ type: "assign", worker, ...id });
    }
  }

  /** Ends an attempt. @returns its task */
  #drop(lease: Lease): Task | undefined {
    const task = this.#tasks.taskOf(lease);
    if (task !== undefined) this.#tasks.table(lease.phase).stop(task, lease);
    this.#leases.close(lease);
    return task;
  }
}

function verdict(accepted: boolean): Effect {
  return { type: "verdict", accepted };
}
