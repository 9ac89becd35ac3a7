import { type Lease, type Task, TaskTable } from "./task-table.ts";
import type {
  AttemptId,
  Effect,
  JobShape,
  LossReason,
  Outcome,
  Phase,
  Progress,
  SchedulerEvent,
  TaskCounts,
  TaskFailure,
  TaskResult,
} from "./types.ts";

const NO_PROGRESS: Progress = { records: 0, bytes: 0, cpuMs: 0 };
/**
 * The share of one processor below which an attempt counts as asleep. Saying that one is alive takes
 * a little processor time of its own, which is not progress.
 */
const WORKING_CPU_SHARE = 0.05;

/**
 * Decides who does what. It does nothing itself: an event and the time go in, effects come out, and
 * the same sequence of events gives the same sequence of effects. It knows tasks by number only;
 * files, sockets and clocks belong to its caller.
 *
 * Map tasks are handed out first, reduce tasks once every map task is completed. A worker holds at
 * most one attempt at a time. A task has at most one live attempt, and an attempt that lost its
 * lease stays lost: whatever it reports later is refused, so two attempts can never both count.
 */
export class Scheduler {
  readonly #shape: JobShape;
  #maps: TaskTable;
  readonly #reduces: TaskTable;
  /** Workers whose request waits for a task, longest wait first. */
  readonly #waiting = new Set<number>();
  /** The lease each working worker holds. */
  readonly #held = new Map<number, Lease>();
  /** The same leases, the one that ends first in front: all are equally long, so renewing one moves it to the end. */
  readonly #leases = new Set<Lease>();
  #phase: Phase = "map";
  #started = false;
  #outcome: Outcome | undefined;

  constructor(shape: JobShape) {
    this.#shape = shape;
    this.#maps = new TaskTable("map", shape.maps);
    this.#reduces = new TaskTable("reduce", shape.reduces);
  }

  /** Undefined while the job runs. */
  get outcome(): Outcome | undefined {
    return this.#outcome;
  }

  /** Whether any attempt has ever been handed out, which fixes the plan. */
  get started(): boolean {
    return this.#started;
  }

  get phase(): Phase {
    return this.#phase;
  }

  get counts(): { readonly map: TaskCounts; readonly reduce: TaskCounts } {
    return { map: this.#maps.counts, reduce: this.#reduces.counts };
  }

  /** When the next lease ends, and a `tick` is due; undefined while nobody works. */
  get nextDeadlineMs(): number | undefined {
    for (const lease of this.#leases) return lease.endsMs;
    return undefined;
  }

  /** The attempts being worked on. */
  get running(): ReadonlyArray<AttemptId & { readonly worker: number }> {
    return [...this.#leases].map(({ worker, phase, task, attempt }) => {
      return { worker, phase, task, attempt };
    });
  }

  /** What a completed task has left behind; undefined for any other. */
  resultOf(phase: Phase, task: number): TaskResult | undefined {
    return this.#table(phase).get(task)?.result;
  }

  /** What all completed tasks have left behind, maps first. */
  get results(): TaskResult[] {
    return [...this.#maps, ...this.#reduces].flatMap(({ result }) => result ?? []);
  }

  /**
   * Takes one event and decides what follows from it.
   *
   * @param nowMs the time of the event; never less than in the call before
   */
  step(event: SchedulerEvent, nowMs: number): Effect[] {
    // A report that arrives after its lease has ended is stale, whether or not a tick came between.
    const effects = this.#expireLeases(nowMs);
    switch (event.type) {
      case "plan":
        if (!this.#started) this.#maps = new TaskTable("map", event.maps);
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
      case "progress":
        effects.push(this.#verdict(this.#renew(event, event.progress, nowMs)));
        break;
      case "commit":
        effects.push(this.#verdict(this.#grant(event)));
        break;
      case "complete":
        this.#complete(event, event.result, effects);
        break;
      case "fail":
        this.#fail(event, event.failure, effects);
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

  #request(worker: number, effects: Effect[]): void {
    if (this.#outcome !== undefined) {
      effects.push({ type: "dismiss", worker });
      return;
    }
    const held = this.#held.get(worker);
    if (held === undefined) {
      this.#waiting.add(worker);
      return;
    }
    // The answer to its last request got lost on the way.
    const { phase, task, attempt } = held;
    effects.push({ type: "assign", worker, phase, task, attempt });
  }

  #leave(worker: number, effects: Effect[]): void {
    this.#waiting.delete(worker);
    const lease = this.#held.get(worker);
    if (lease !== undefined) this.#lose(lease, "workerGone", effects);
  }

  #renew(id: AttemptId, progress: Progress, nowMs: number): boolean {
    const lease = this.#leaseOf(id);
    if (lease === undefined) return false;
    const { records, bytes, cpuMs } = lease.progress;
    const workedMs = progress.cpuMs - cpuMs;
    const advanced =
      progress.records > records ||
      progress.bytes > bytes ||
      workedMs > WORKING_CPU_SHARE * (nowMs - lease.renewedMs);
    if (advanced) {
      lease.progress = progress;
      lease.renewedMs = nowMs;
      lease.endsMs = nowMs + this.#shape.leaseMs;
      this.#leases.delete(lease);
      this.#leases.add(lease);
    }
    return true;
  }

  /** Asking twice is safe: the answer may have got lost. */
  #grant(id: AttemptId): boolean {
    const lease = this.#leaseOf(id);
    const task = this.#taskOf(id);
    if (lease === undefined || task === undefined) return false;
    if (task.granted !== 0 && task.granted !== id.attempt) return false;
    task.granted = id.attempt;
    return true;
  }

  #complete(id: AttemptId, result: TaskResult, effects: Effect[]): void {
    const task = this.#taskOf(id);
    const lease = this.#leaseOf(id);
    if (task === undefined || lease === undefined) {
      // Said twice, because the first answer got lost, is not stale.
      effects.push(this.#verdict(task?.state === "completed" && task.winner === id.attempt));
      return;
    }
    if (task.granted !== id.attempt) {
      effects.push(this.#verdict(false));
      return;
    }
    this.#drop(lease);
    const table = this.#table(id.phase);
    table.complete(task, id.attempt, result);
    effects.push(this.#verdict(true), { type: "completed", worker: lease.worker, ...plain(id) });
    if (!table.allCompleted) return;
    if (id.phase === "map") this.#startReducePhase(effects);
    else this.#end({ state: "completed" }, effects);
  }

  #startReducePhase(effects: Effect[]): void {
    this.#phase = "reduce";
    effects.push({ type: "phaseStarted", phase: "reduce" });
  }

  #fail(id: AttemptId, failure: TaskFailure, effects: Effect[]): void {
    const task = this.#taskOf(id);
    const lease = this.#leaseOf(id);
    effects.push(this.#verdict(lease !== undefined));
    if (task === undefined || lease === undefined) return;
    this.#drop(lease);
    task.failures += 1;
    this.#table(id.phase).giveBack(task);
    effects.push({ type: "failed", worker: lease.worker, failure, ...plain(id) });
    if (task.failures < this.#shape.maxFailures) return;
    const message = `${nameOf(id)} failed ${times(task.failures)}: ${failure.message}`;
    this.#end({ state: "failed", failure: { ...failure, message } }, effects);
  }

  #expireLeases(nowMs: number): Effect[] {
    const effects: Effect[] = [];
    for (const lease of this.#leases) {
      if (lease.endsMs > nowMs) break;
      this.#lose(lease, "leaseEnded", effects);
    }
    return effects;
  }

  #lose(lease: Lease, reason: LossReason, effects: Effect[]): void {
    this.#drop(lease);
    const task = this.#taskOf(lease);
    if (task === undefined) return;
    task.losses += 1;
    this.#table(lease.phase).giveBack(task);
    effects.push({ type: "lost", worker: lease.worker, reason, ...plain(lease) });
    if (task.losses < this.#shape.maxLosses) return;
    const how = reason === "workerGone" ? "its worker died" : "its worker stopped making progress";
    const message = `${nameOf(lease)} was lost ${times(task.losses)}: the last time, ${how}`;
    this.#end({ state: "failed", failure: { message } }, effects);
  }

  /** Every way a job can end comes through here, once. */
  #end(outcome: Outcome, effects: Effect[]): void {
    if (this.#outcome !== undefined) return;
    this.#outcome = outcome;
    for (const worker of this.#waiting) effects.push({ type: "dismiss", worker });
    this.#waiting.clear();
    // Attempts that still run are for nothing: their reports are stale from here on.
    for (const lease of this.#leases) {
      this.#drop(lease);
      const task = this.#taskOf(lease);
      if (task !== undefined) this.#table(lease.phase).giveBack(task);
    }
    effects.push({ type: "ended", outcome });
  }

  #assignWaiting(nowMs: number, effects: Effect[]): void {
    if (this.#outcome !== undefined) return;
    const table = this.#table(this.#phase);
    for (const worker of this.#waiting) {
      const task = table.start();
      if (task === undefined) return;
      this.#started = true;
      this.#waiting.delete(worker);
      const id = { phase: task.phase, task: task.index, attempt: task.attempts };
      this.#hold({
        ...id,
        worker,
        progress: NO_PROGRESS,
        renewedMs: nowMs,
        endsMs: nowMs + this.#shape.leaseMs,
      });
      effects.push({ type: "assign", worker, ...id });
    }
  }

  #table(phase: Phase): TaskTable {
    return phase === "map" ? this.#maps : this.#reduces;
  }

  #taskOf(id: AttemptId): Task | undefined {
    return this.#table(id.phase).get(id.task);
  }

  /** The lease of exactly this attempt, if it is still alive. */
  #leaseOf(id: AttemptId): Lease | undefined {
    const lease = this.#taskOf(id)?.lease;
    return lease?.attempt === id.attempt ? lease : undefined;
  }

  #hold(lease: Lease): void {
    const task = this.#taskOf(lease);
    if (task !== undefined) task.lease = lease;
    this.#held.set(lease.worker, lease);
    this.#leases.add(lease);
  }

  #drop(lease: Lease): void {
    const task = this.#taskOf(lease);
    if (task !== undefined) task.lease = undefined;
    this.#held.delete(lease.worker);
    this.#leases.delete(lease);
  }

  #verdict(accepted: boolean): Effect {
    return { type: "verdict", accepted };
  }
}

function plain({ phase, task, attempt }: AttemptId): AttemptId {
  return { phase, task, attempt };
}

function nameOf(id: AttemptId): string {
  return `${id.phase === "map" ? "Map" : "Reduce"} task ${id.task}`;
}

function times(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}
