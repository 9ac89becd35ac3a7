import type { MrError } from "../../base/errors.ts";
import { beatMs, MAX_SKIPPED_OF_JOB } from "../../job/limits.ts";
import { attemptTag } from "../../job/names.ts";
import { taskInput } from "../../job/split.ts";
import type {
  AttemptId,
  CancelReason,
  JobEnd,
  OutputFile,
  SkippedRecord,
  TaskResult,
} from "../../job/task.ts";
import type { JobStatus, Verdict } from "../protocol/protocol.ts";
import type { Handlers } from "../protocol/transport.ts";
import { Scheduler } from "../scheduler/scheduler.ts";
import type { JobShape, SchedulerEvent } from "../scheduler/types.ts";
import {
  Decider,
  type Decision,
  type JobOptions,
  type JobParts,
  type Message,
  restoredEvent,
} from "./decision.ts";
import { JobPlanner } from "./job-planner.ts";
import { leaseClock } from "./lease-clock.ts";
import { ProtocolHandlers } from "./protocol-handlers.ts";
import { Publisher } from "./publisher.ts";
import { TaskRequests } from "./task-requests.ts";
import { WorkerRegistry } from "./worker-registry.ts";

/** The thin shell around a job's state: clock, timer and owner. */
export interface JobShell {
  readonly nowMs: () => number;
  /** Something has happened, and `JobControl.tickInMs` may have changed. */
  readonly onStep: () => void;
  /** A worker is gone. Temporary files of its attempt may be left, with `tag` in their names. */
  readonly onAbandoned?: (attempt: AttemptId, tag: string) => void;
  /** Creates the scheduler; for tests. */
  readonly createScheduler?: (shape: JobShape) => Scheduler;
  /** The job has ended. Waiting workers have been told. */
  readonly onEnd: (outcome: JobEnd) => void;
  /** Another coordinator leads the job. This one is silent from now on. */
  readonly onDeposed: (error: MrError) => void;
}

/**
 * The state of a job and its decisions: every step computes records, messages and events, and the publisher
 * persists the first before it lets out the others. It has no socket and no timer, so all of it can run in a
 * simulation.
 */
export class JobControl {
  readonly #shell: JobShell;
  readonly handlers: Handlers;
  readonly #job: JobParts;
  readonly #startedMs: number;
  /** The time of leases. */
  readonly #clock: () => number;
  readonly #publisher: Publisher;
  readonly #decider: Decider;
  /** The workers that have been told of the end. */
  readonly #dismissed = new Set<number>();
  /** From then on, no report counts: not even one that is repeated and counted before. */
  #hasLogFailed = false;
  /** How the job has ended, as its owner was told. */
  #end: JobEnd["state"] | undefined;
  /** How the job has ended if its completion could not be kept. */
  #unkeptEnd: JobEnd | undefined;

  constructor(options: JobOptions, shell: JobShell) {
    this.#shell = shell;
    this.#startedMs = shell.nowMs();
    this.#clock = leaseClock(shell.nowMs, beatMs(options.leaseMs), () => {
      const { waitingSinceMs } = this.#publisher;
      return waitingSinceMs === undefined ? undefined : this.#startedMs + waitingSinceMs;
    });
    this.#publisher = this.#createPublisher(options);
    const planner = this.#createPlanner(options);
    const workers = new WorkerRegistry(options.resumed);
    const { createScheduler = (shape) => new Scheduler(shape) } = shell;
    const maps = planner.splits.length;
    const inputOf = (map: number) => taskInput(planner.splits, map);
    const checksResults = options.checkResults !== undefined;
    const scheduler = createScheduler({ ...options, maps, inputOf, checksResults });
    const requests = new TaskRequests((map) => scheduler.resultOf("map", map));
    this.#job = { scheduler, planner, workers, requests, options };
    this.#decider = new Decider(this.#job);
    this.handlers = new ProtocolHandlers(this.#job, {
      status: () => this.status,
      step: (event, reply) => this.#step(event, reply),
      publish: (decision) => this.#publish(decision),
      tellEnd: (worker) => this.#tellEnd(worker),
      checkLog: () => this.#publisher.check(),
    }).handlers;
  }

  #createPlanner({ plan, resumed }: JobOptions): JobPlanner {
    return new JobPlanner(plan, resumed?.plan?.splits, {
      isOpen: () => !this.#job.scheduler.started,
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
      onLogFailed: ({ code, message }) => {
        this.#hasLogFailed = true;
        // Later, because the step that could not be kept must be completed first.
        queueMicrotask(() => this.#endUnkept({ type: "error", code, message }));
      },
      onDeposed: (error) => this.#shell.onDeposed(error),
    });
  }

  /** Starts, or resumes the job where the last coordinator left it. The job may end at once. */
  start(): void {
    const { directory, leaseMs, resumed } = this.#job.options;
    const { completed = [], plan } = resumed ?? {};
    const isResumed = resumed !== undefined;
    const startedAt = Date.now();
    const { term } = this.#job.workers.identity;
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
    if (this.#publisher.checkInMs(this.#job.options.leaseMs) === 0) void this.#publisher.check();
    this.#step({ type: "tick" });
  }

  leave(worker: number): void {
    this.#step({ type: "leave", worker });
    const pid = this.#job.workers.remove(worker);
    if (pid !== undefined) this.#publish({ events: [{ type: "workerLeft", worker }] });
    const left = this.#job.requests.forget(worker);
    if (left === undefined || pid === undefined) return;
    // The attempt is lost and can no longer be granted the commit, even if its worker still runs.
    this.#shell.onAbandoned?.(left, attemptTag(this.#job.workers.identity.job, left.attempt, pid));
  }

  /**
   * The milliseconds until {@link tick} is due; undefined for never. While there are leases, ticks are frequent, so
   * that the clock notices when the process was paused.
   */
  get tickInMs(): number | undefined {
    const { leaseMs } = this.#job.options;
    const { nextDeadlineMs: dueMs, outcome } = this.#job.scheduler;
    const checkInMs = outcome === undefined ? this.#publisher.checkInMs(leaseMs) : Infinity;
    if (dueMs === undefined) return Number.isFinite(checkInMs) ? checkInMs : undefined;
    return Math.min(Math.max(0, dueMs - this.#clock()), beatMs(leaseMs) / 2, checkInMs);
  }

  get workers(): number {
    return this.#job.workers.size;
  }

  /**
   * Whether a worker that will soon ask for a task has not been told yet that the job has ended.
   *
   * @param includesBusy whether to count workers that are on an attempt: they will soon report its progress
   */
  hasWorkersToTell(includesBusy: boolean): boolean {
    for (const { worker } of this.#job.workers) {
      if (this.#dismissed.has(worker)) continue;
      if (includesBusy || !this.#job.requests.isBusy(worker)) return true;
    }
    return false;
  }

  #tellEnd(worker: number): JobEnd["state"] | undefined {
    if (this.#end === undefined) return undefined;
    this.#dismissed.add(worker);
    this.#shell.onStep();
    return this.#end;
  }

  #step(event: SchedulerEvent, reply?: (verdict: Verdict) => void): Decision {
    const decision = this.#decider.decide(event, this.#clock(), reply);
    const lost = decision.checksResults === true ? this.#findLostResults() : undefined;
    if (lost === undefined || lost instanceof Promise) this.#publish(decision);
    // The end of the job shares the write of its last task to the log.
    else this.#publish(joined(decision, this.#decideChecked(lost)));
    if (lost instanceof Promise) {
      void lost.then((tasks) => {
        this.#publish(this.#decideChecked(tasks));
        this.#shell.onStep();
      });
    }
    this.#shell.onStep();
    return decision;
  }

  #findLostResults(): readonly number[] | Promise<readonly number[]> {
    return this.#job.options.checkResults?.(this.#results) ?? [];
  }

  #decideChecked(lost: readonly number[]): Decision {
    return this.#decider.decide({ type: "checked", lost }, this.#clock());
  }

  #publish({ records = [], messages = [], events = [] }: Partial<Decision>): void {
    this.#publisher.publish({ records, messages, events });
  }

  #send(message: Message, isKept: boolean): void {
    if (message.to === "caller") message.answer(isKept && !this.#hasLogFailed);
    else if (message.to === "worker") {
      const isTrue = isKept && (message.answer.kind !== "exit" || this.#unkeptEnd === undefined);
      const answer = isTrue ? message.answer : ({ kind: "exit", outcome: "cancelled" } as const);
      if (answer.kind === "exit") this.#dismissed.add(message.worker);
      this.#job.requests.answer(message.worker, answer);
    } else if (isKept) {
      this.#end = message.outcome.state;
      this.#shell.onEnd(message.outcome);
    }
  }

  /** Ends a job whose decisions can no longer be kept, even if the last of them was its end. */
  #endUnkept(reason: CancelReason & { readonly type: "error" }): void {
    this.#publish({ events: [{ type: "journalFailed", message: reason.message }] });
    const { outcome: decided } = this.#job.scheduler;
    if (decided === undefined) {
      this.cancel(reason);
      return;
    }
    // Why it has failed stays true, and may be what the log failed of: the directory is gone.
    const outcome =
      decided.state === "failed" ? decided : ({ state: "cancelled", reason } as const);
    if (decided.state !== "failed") this.#unkeptEnd = outcome;
    const events = [{ type: "jobEnded", outcome }] as const;
    this.#publish({ messages: [{ to: "owner", outcome }], events });
  }

  /** The outputs of the completed reduce tasks, in their order. */
  get #results(): OutputFile[] {
    const { scheduler, options } = this.#job;
    return Array.from({ length: options.reduces }, (_, reduce) => {
      return scheduler.resultOf("reduce", reduce)?.outputs ?? [];
    }).flat();
  }

  /** The first records that completed tasks have skipped, maps first. */
  get skipped(): SkippedRecord[] {
    return this.#job.scheduler.results
      .flatMap(({ skipped = [] }) => skipped)
      .slice(0, MAX_SKIPPED_OF_JOB);
  }

  get status(): JobStatus {
    const { counts, phase, outcome, running, results } = this.#job.scheduler;
    const { app } = this.#job.workers;
    const taskOf = new Map(running.map(({ worker, ...task }) => [worker, task]));
    return {
      ...this.#job.workers.identity,
      directory: this.#job.options.directory,
      state: (this.#unkeptEnd ?? outcome)?.state ?? "running",
      phase,
      app: app?.name ?? null,
      settings: app?.settings ?? {},
      elapsedMs: Math.round(this.#elapsedMs),
      // Of winning attempts only: a task that ran twice counts once.
      counters: sumCounters(results),
      maps: counts.map,
      reduces: counts.reduce,
      workers: Array.from(this.#job.workers, ({ worker, pid }) => {
        return { worker, pid, task: taskOf.get(worker) ?? null };
      }),
    };
  }

  get #elapsedMs(): number {
    return this.#shell.nowMs() - this.#startedMs;
  }
}

function joined(one: Decision, other: Decision): Decision {
  return {
    records: [...one.records, ...other.records],
    messages: [...one.messages, ...other.messages],
    events: [...one.events, ...other.events],
  };
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
