import type { JobEvent } from "../../job/events.ts";
import type { Split } from "../../job/split.ts";
import {
  type Attempt,
  attemptKey,
  type Failure,
  type JobOutcome,
  type LossReason,
  NO_PROGRESS,
  type Phase,
  type Progress,
  type TaskId,
} from "../../job/task.ts";

export type AttemptEnd = "completed" | "failed" | "blocked" | "superseded" | "ended" | LossReason;

/** An attempt. Times are milliseconds since the coordinator started. */
export interface AttemptView extends Attempt {
  /** Its index in {@link JobView.attempts}. */
  readonly index: number;
  readonly isBackup: boolean;
  readonly startMs: number;
  endMs: number | undefined;
  end: AttemptEnd | undefined;
  progress: Progress;
  failure: Failure | undefined;
}

export interface TaskView {
  state: "idle" | "inProgress" | "completed";
  attempts: number;
  /** Number of running attempts: two if one of them is a backup. */
  alive: number;
  /** Number of attempts that failed, were blocked or lost. */
  incidents: number;
  /** The attempt that completed the task, if this coordinator saw it. */
  winner: AttemptView | undefined;
  /** The work of the attempt that completed it, also for a task restored from the log. */
  progress: Progress | undefined;
  /** The output sizes of a completed task; for a map task, by reduce task. */
  outputBytes: readonly number[];
  /** CRC-32 of the result of a completed reduce task. */
  crc32: number | undefined;
  /** How many outputs of `reduce` the result of a completed reduce task has. */
  lines: number | undefined;
  /** How often a completed map task spilled to disk because its memory was full. */
  spills: number;
  counters: Readonly<Record<string, number>>;
}

export interface WorkerView {
  readonly worker: number;
  readonly pid: number;
  readonly joinedMs: number;
  leftMs: number | undefined;
  attempt: AttemptView | undefined;
}

type IncidentType = "attemptFailed" | "attemptBlocked" | "attemptLost" | "taskReopened";

export interface Incident {
  readonly atMs: number;
  readonly event: JobEvent & { readonly type: IncidentType };
}

/** More than people will read. */
const MAX_INCIDENTS = 1000;

/**
 * The state of a job, computed from its events: of a running job, or of one read from a log. Times are
 * milliseconds since the coordinator started.
 */
export class JobView {
  directory = "";
  startedAt = 0;
  leaseMs = 0;
  /** Whether an earlier coordinator began the job. */
  resumed = false;
  plan: (JobEvent & { readonly type: "jobPlanned" }) | undefined;
  reduceStartMs: number | undefined;
  outcome: JobOutcome | undefined;
  /** The time of the last event. */
  nowMs = 0;
  readonly workers = new Map<number, WorkerView>();
  /** In the order of their starts. */
  readonly attempts: AttemptView[] = [];
  /** Failures, losses and outputs that went missing, oldest first. */
  readonly incidents: Incident[] = [];
  #maps: TaskView[] = [];
  #reduces: TaskView[] = [];
  readonly #live = new Map<string, AttemptView>();
  readonly #counters = new Map<string, number>();
  readonly #completed = { map: 0, reduce: 0 };
  #done: Progress = NO_PROGRESS;

  /** The name of the app; null until a worker has brought one. */
  get app(): string | null {
    return this.plan?.app ?? null;
  }

  get splits(): readonly Split[] {
    return this.plan?.splits ?? [];
  }

  /** The present phase. A lost map output turns the reduce phase back into the map phase. */
  get phase(): Phase {
    const maps = this.#maps.length;
    return maps > 0 && this.#completed.map === maps ? "reduce" : "map";
  }

  tasks(phase: Phase): readonly TaskView[] {
    return phase === "map" ? this.#maps : this.#reduces;
  }

  completed(phase: Phase): number {
    return this.#completed[phase];
  }

  /** The state of a running attempt; undefined for any other. */
  living(attempt: Attempt): AttemptView | undefined {
    return this.#live.get(attemptKey(attempt));
  }

  get running(): readonly AttemptView[] {
    return [...this.#live.values()];
  }

  get totals(): Progress {
    return this.running.reduce((sum, { progress }) => addProgress(sum, progress), this.#done);
  }

  get counters(): Record<string, number> {
    return Object.fromEntries(this.#counters);
  }

  apply(event: JobEvent): void {
    this.nowMs = event.atMs;
    switch (event.type) {
      case "jobStarted":
        ({ directory: this.directory, startedAt: this.startedAt } = event);
        ({ leaseMs: this.leaseMs, resumed: this.resumed } = event);
        break;
      case "jobPlanned":
        this.plan = event;
        this.#maps = event.splits.map(idleTask);
        this.#reduces = Array.from({ length: event.reduces }, idleTask);
        break;
      case "workerJoined": {
        const { worker, pid, atMs: joinedMs } = event;
        this.workers.set(worker, { worker, pid, joinedMs, leftMs: undefined, attempt: undefined });
        break;
      }
      case "workerLeft": {
        const view = this.workers.get(event.worker);
        if (view !== undefined) view.leftMs = event.atMs;
        break;
      }
      case "attemptStarted":
        this.#start(event);
        break;
      case "attemptProgressed": {
        const live = this.living(event);
        if (live !== undefined) live.progress = event.progress;
        break;
      }
      case "attemptCompleted": {
        const attempt = this.#end(event, "completed");
        if (attempt !== undefined) attempt.progress = event.progress ?? NO_PROGRESS;
        this.#complete(event, attempt);
        break;
      }
      case "attemptFailed":
        this.#incident(event, "failed", event.failure);
        break;
      case "attemptBlocked":
        this.#incident(event, "blocked", event.failure);
        break;
      case "attemptLost":
        this.#incident(event, event.reason);
        break;
      case "attemptSuperseded":
        this.#end(event, "superseded");
        break;
      case "taskReopened":
        this.#reopen(event);
        break;
      case "taskRestored":
        this.#complete(event, undefined);
        break;
      case "phaseStarted":
        this.reduceStartMs = event.atMs;
        break;
      case "jobEnded":
        this.outcome = event.outcome;
        for (const attempt of this.#live.values()) this.#end({ ...event, ...attempt }, "ended");
        break;
    }
  }

  #start(event: Attempt & { readonly atMs: number; readonly isBackup: boolean }): void {
    const { phase, task, attempt, worker, isBackup, atMs } = event;
    const view: AttemptView = {
      index: this.attempts.length,
      ...{ phase, task, attempt, worker, isBackup },
      startMs: atMs,
      endMs: undefined,
      end: undefined,
      progress: NO_PROGRESS,
      failure: undefined,
    };
    this.attempts.push(view);
    this.#live.set(attemptKey(event), view);
    const on = this.workers.get(worker);
    if (on !== undefined) on.attempt = view;
    const of = this.#task(event);
    if (of === undefined) return;
    of.state = "inProgress";
    of.attempts += 1;
    of.alive += 1;
  }

  #end(event: Attempt & { readonly atMs: number }, end: AttemptEnd): AttemptView | undefined {
    const key = attemptKey(event);
    const attempt = this.#live.get(key);
    if (attempt === undefined) return undefined;
    this.#live.delete(key);
    attempt.endMs = event.atMs;
    attempt.end = end;
    const worker = this.workers.get(event.worker);
    if (worker?.attempt === attempt) worker.attempt = undefined;
    const task = this.#task(event);
    if (task === undefined) return attempt;
    task.alive -= 1;
    if (task.state === "inProgress" && task.alive === 0) task.state = "idle";
    return attempt;
  }

  #complete(
    event: JobEvent & { readonly type: "attemptCompleted" | "taskRestored" },
    winner: AttemptView | undefined,
  ): void {
    const task = this.#task(event);
    if (task === undefined) return;
    const { progress, outputBytes, crc32, lines, spills = 0, counters } = event;
    const result = { progress, outputBytes, crc32, lines, spills, counters };
    Object.assign(task, { state: "completed", winner, ...result });
    this.#completed[event.phase] += 1;
    this.#done = addProgress(this.#done, progress ?? NO_PROGRESS);
    this.#count(counters, 1);
  }

  #reopen(event: JobEvent & { readonly type: "taskReopened" }): void {
    this.#note(event);
    const task = this.#task(event);
    if (task === undefined) return;
    const { progress = NO_PROGRESS, attempts, alive, incidents, counters } = task;
    this.#done = addProgress(this.#done, progress, -1);
    this.#count(counters, -1);
    this.#completed[event.phase] -= 1;
    Object.assign(task, { ...idleTask(), attempts, alive, incidents });
  }

  #count(counters: Readonly<Record<string, number>>, sign: 1 | -1): void {
    for (const [name, count] of Object.entries(counters)) {
      const total = (this.#counters.get(name) ?? 0) + sign * count;
      if (sign < 0 && total === 0) this.#counters.delete(name);
      else this.#counters.set(name, total);
    }
  }

  #incident(event: Incident["event"] & Attempt, end: AttemptEnd, failure?: Failure): void {
    this.#note(event);
    const attempt = this.#end(event, end);
    if (attempt === undefined) return;
    attempt.failure = failure;
    const task = this.#task(event);
    if (task !== undefined) task.incidents += 1;
  }

  #note(event: Incident["event"]): void {
    if (this.incidents.length < MAX_INCIDENTS) this.incidents.push({ atMs: event.atMs, event });
  }

  #task({ phase, task }: TaskId): TaskView | undefined {
    return this.tasks(phase)[task];
  }
}

function idleTask(): TaskView {
  return {
    state: "idle",
    attempts: 0,
    alive: 0,
    incidents: 0,
    winner: undefined,
    progress: undefined,
    outputBytes: [],
    crc32: undefined,
    lines: undefined,
    spills: 0,
    counters: {},
  };
}

/** Adds `other` to `one`, or with a `sign` of -1 takes it away. */
export function addProgress(one: Progress, other: Progress, sign = 1): Progress {
  return {
    records: one.records + sign * other.records,
    bytes: one.bytes + sign * other.bytes,
    cpuMs: one.cpuMs + sign * other.cpuMs,
  };
}
