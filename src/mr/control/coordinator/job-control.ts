import { beatMs, MAX_SKIPPED_OF_JOB } from "../../job/limits.ts";
import { attemptTag } from "../../job/names.ts";
import { taskInput } from "../../job/split.ts";
import type { CancelReason, SkippedRecord, TaskResult } from "../../job/task.ts";
import type { JobStatus, Verdict } from "../protocol/protocol.ts";
import type { Handlers } from "../protocol/transport.ts";
import { Scheduler } from "../scheduler/scheduler.ts";
import type { SchedulerEvent } from "../scheduler/types.ts";
import { Decider, type Decision, type JobParts, type Message, restoredEvent } from "./decision.ts";
import type { JobOptions, JobShell } from "./job-options.ts";
import { JobPlanner } from "./job-planner.ts";
import { PauseTolerantClock } from "./pause-tolerant-clock.ts";
import { ProtocolHandlers } from "./protocol-handlers.ts";
import { Publisher } from "./publisher.ts";
import { TaskRequests } from "./task-requests.ts";
import { WorkerRegistry } from "./worker-registry.ts";

/**
 * The state of a job and its decisions: every step computes records, messages and events, and the publisher
 * persists the first before it lets out the others. It has no socket and no timer, so all of it can run in a
 * simulation.
 */
export class JobControl {
  readonly #options: JobOptions;
  readonly #shell: JobShell;
  /** The methods that workers call. */
  readonly handlers: Handlers;
  readonly #scheduler: Scheduler;
  readonly #workers: WorkerRegistry;
  readonly #startedMs: number;
  /** The time of leases. */
  readonly #clock: PauseTolerantClock;
  readonly #planner: JobPlanner;
  readonly #publisher: Publisher;
  readonly #requests: TaskRequests;
  readonly #decider: Decider;
  /** The workers that have been told of the end. */
  readonly #dismissed = new Set<number>();

  constructor(options: JobOptions, shell: JobShell) {
    const { resumed } = options;
    this.#options = options;
    this.#shell = shell;
    this.#startedMs = shell.nowMs();
    this.#clock = new PauseTolerantClock(shell.nowMs, beatMs(options.leaseMs));
    this.#planner = this.#createPlanner(options);
    this.#publisher = this.#createPublisher(options);
    this.#workers = new WorkerRegistry(resumed);
    const { createScheduler = (shape) => new Scheduler(shape) } = shell;
    const maps = this.#planner.splits.length;
    const inputOf = (map: number) => taskInput(this.#planner.splits, map);
    this.#scheduler = createScheduler({ ...options, maps, inputOf });
    this.#requests = new TaskRequests((map) => this.#scheduler.resultOf("map", map));
    const parts: JobParts = {
      scheduler: this.#scheduler,
      planner: this.#planner,
      workers: this.#workers,
      requests: this.#requests,
      options,
    };
    this.#decider = new Decider(parts);
    this.handlers = new ProtocolHandlers(parts, {
      status: () => this.status,
      step: (event, reply) => this.#step(event, reply),
      publish: (decision) => this.#publish(decision),
      checkLog: () => this.#publisher.check(),
    }).handlers;
  }

  #createPlanner({ plan, resumed }: JobOptions): JobPlanner {
    return new JobPlanner(plan, resumed?.plan?.splits, {
      isOpen: () => !this.#scheduler.started,
      onPlanned: (splits) => {
        this.#step({ type: "plan", maps: splits.length });
        this.#publish({ events: this.#decider.planEvents() });
      },
      onImpossible: (reason) => this.cancel(reason),
    });
  }

  #createPublisher({ log, onEvent }: JobOptions): Publisher {
    return new Publisher(log, () => this.#elapsedMs, {
      send: (message, isKept) => this.#send(message, isKept),
      onEvent,
      // Later, because the step that could not be kept must be completed first.
      onLogFailed: ({ code, message }) => {
        queueMicrotask(() => this.#endUnkept({ type: "error", code, message }));
      },
      onDeposed: (error) => this.#shell.onDeposed(error),
    });
  }

  /** Starts, or resumes the job where the last coordinator left it. The job may end at once. */
  start(): void {
    const { directory, leaseMs, resumed } = this.#options;
    const { completed = [], plan } = resumed ?? {};
    const isResumed = resumed !== undefined;
    const startedAt = Date.now();
    const { term } = this.#workers.identity;
    this.#publish({
      records: isResumed ? [{ type: "resumed", term }] : [],
      events: [
        { type: "jobStarted", directory, startedAt, resumed: isResumed, term, leaseMs },
        ...this.#decider.planEvents(),
        ...completed.map(restoredEvent),
      ],
    });
    // The consequences of these tasks are in the log already, except for the end of the job.
    if (plan !== undefined) this.#step({ type: "resume", completed });
    else this.#shell.onStep();
  }

  /** Ends the job without a result. Has no effect on a job that has ended. */
  cancel(reason: CancelReason): void {
    this.#step({ type: "cancel", reason });
  }

  /** Time has passed. A leader that has nothing to write asks its log whether it still leads. */
  tick(): void {
    if (this.#publisher.checkInMs(this.#options.leaseMs) === 0) void this.#publisher.check();
    this.#step({ type: "tick" });
  }

  /** A worker is gone. */
  leave(worker: number): void {
    this.#step({ type: "leave", worker });
    const pid = this.#workers.remove(worker);
    if (pid !== undefined) this.#publish({ events: [{ type: "workerLeft", worker }] });
    const left = this.#requests.forget(worker);
    if (left === undefined || pid === undefined) return;
    // The attempt is lost and can no longer be granted the commit, even if its worker still runs.
    this.#shell.onAbandoned?.(left, attemptTag(this.#workers.identity.job, left.attempt, pid));
  }

  /**
   * The milliseconds until {@link tick} is due; undefined for never. While there are leases, ticks are frequent, so
   * that the clock notices when the process was paused.
   */
  get tickInMs(): number | undefined {
    const { leaseMs } = this.#options;
    const { nextDeadlineMs: dueMs, outcome } = this.#scheduler;
    const checkInMs = outcome === undefined ? this.#publisher.checkInMs(leaseMs) : Infinity;
    if (dueMs === undefined) return Number.isFinite(checkInMs) ? checkInMs : undefined;
    return Math.min(Math.max(0, dueMs - this.#clock.now()), beatMs(leaseMs) / 2, checkInMs);
  }

  /** Number of workers that are connected. */
  get workers(): number {
    return this.#workers.size;
  }

  /** Whether a worker that will soon ask for a task has not been told yet that the job has ended. */
  get hasWorkersToTell(): boolean {
    for (const { worker } of this.#workers) {
      if (!this.#dismissed.has(worker) && !this.#requests.isBusy(worker)) return true;
    }
    return false;
  }

  /** @param reply receives the verdict, if the event is a report */
  #step(event: SchedulerEvent, reply?: (verdict: Verdict) => void): void {
    this.#publish(this.#decider.decide(event, this.#clock.now(), reply));
    this.#shell.onStep();
  }

  #publish({ records = [], messages = [], events = [] }: Partial<Decision>): void {
    this.#publisher.publish({ records, messages, events });
  }

  #send(message: Message, isKept: boolean): void {
    if (message.to === "caller") message.answer(isKept);
    else if (message.to === "worker") {
      const answer = isKept ? message.answer : ({ kind: "exit", outcome: "cancelled" } as const);
      if (answer.kind === "exit") this.#dismissed.add(message.worker);
      this.#requests.answer(message.worker, answer);
    } else if (isKept) this.#shell.onEnd(message.outcome);
  }

  /** Ends a job whose decisions can no longer be kept, even if the last of them was its end. */
  #endUnkept(reason: CancelReason & { readonly type: "error" }): void {
    this.#publish({ events: [{ type: "journalFailed", message: reason.message }] });
    if (this.#scheduler.outcome === undefined) {
      this.cancel(reason);
      return;
    }
    const outcome = { state: "cancelled", reason } as const;
    const events = [{ type: "jobEnded", outcome }] as const;
    this.#publish({ messages: [{ to: "owner", outcome }], events });
  }

  /** The first records that completed tasks have skipped, maps first. */
  get skipped(): SkippedRecord[] {
    return this.#scheduler.results
      .flatMap(({ skipped = [] }) => skipped)
      .slice(0, MAX_SKIPPED_OF_JOB);
  }

  /** The current state of the job, for people. */
  get status(): JobStatus {
    const { counts, phase, outcome, running, results } = this.#scheduler;
    const { app } = this.#workers;
    const taskOf = new Map(running.map(({ worker, ...task }) => [worker, task]));
    return {
      ...this.#workers.identity,
      directory: this.#options.directory,
      state: outcome?.state ?? "running",
      phase,
      app: app?.name ?? null,
      settings: app?.settings ?? {},
      elapsedMs: Math.round(this.#elapsedMs),
      // Of winning attempts only: a task that ran twice counts once.
      counters: sumCounters(results),
      maps: counts.map,
      reduces: counts.reduce,
      workers: Array.from(this.#workers, ({ worker, pid }) => {
        return { worker, pid, task: taskOf.get(worker) ?? null };
      }),
    };
  }

  get #elapsedMs(): number {
    return this.#shell.nowMs() - this.#startedMs;
  }
}

/** The counters of completed tasks, added up by name. */
function sumCounters(results: readonly TaskResult[]): Record<string, number> {
  const sums = new Map<string, number>();
  for (const { counters } of results) {
    for (const [name, count] of Object.entries(counters)) {
      sums.set(name, (sums.get(name) ?? 0) + count);
    }
  }
  return Object.fromEntries(sums);
}
