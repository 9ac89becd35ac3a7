import { randomBytes } from "node:crypto";
import { describeCause, type ErrorCode } from "../../base/errors.ts";
import { beatMs, MAX_SKIPPED_OF_JOB } from "../../job/limits.ts";
import { attemptTag } from "../../job/names.ts";
import { taskInput } from "../../job/split.ts";
import type { Attempt, SkippedRecord } from "../../job/task.ts";
import { checkOutputs, damagedMapsOf } from "../protocol/params.ts";
import type {
  Assignment,
  Dismissal,
  JobStatus,
  Params,
  Registration,
  Verdict,
} from "../protocol/protocol.ts";
import type { Caller, Handlers } from "../protocol/transport.ts";
import { Scheduler } from "../scheduler/scheduler.ts";
import type { SchedulerEvent } from "../scheduler/types.ts";
import { Decider, type Decision, type Message, restoredEvent } from "./decision.ts";
import type { JobOptions, JobShell } from "./job-options.ts";
import { JobPlanner } from "./job-planner.ts";
import { jobStatus } from "./job-status.ts";
import { PauseTolerantClock } from "./pause-tolerant-clock.ts";
import { Publisher } from "./publisher.ts";
import { TaskRequests } from "./task-requests.ts";
import { WorkerRegistry } from "./worker-registry.ts";

/** What a worker reports on its attempt. */
type Report = SchedulerEvent & Attempt & Params<"task.request">;

/**
 * The state of a job and its decisions: every step computes records, messages and events, and the publisher
 * persists the first before it lets out the others. It has no socket and no timer, so that all of it runs in a
 * simulation.
 */
export class JobControl {
  readonly #options: JobOptions;
  readonly #shell: JobShell;
  /** Random for every coordinator: what a worker of another one says is not meant for this one. */
  readonly #job = randomBytes(4).toString("hex");
  readonly #term: number;
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
    this.#term = resumed === undefined ? 1 : resumed.term + 1;
    this.#startedMs = shell.nowMs();
    this.#clock = new PauseTolerantClock(shell.nowMs, beatMs(options.leaseMs));
    this.#planner = this.#createPlanner(options);
    this.#publisher = this.#createPublisher(options);
    this.#workers = new WorkerRegistry(resumed?.plan);
    const { createScheduler = (shape) => new Scheduler(shape) } = shell;
    const maps = this.#planner.splits.length;
    const inputOf = (map: number) => taskInput(this.#planner.splits, map);
    this.#scheduler = createScheduler({ ...options, maps, inputOf });
    this.#requests = new TaskRequests((map) => this.#scheduler.resultOf("map", map));
    this.#decider = new Decider({
      scheduler: this.#scheduler,
      planner: this.#planner,
      workers: this.#workers,
      requests: this.#requests,
      reduces: options.reduces,
      isPlanKept: resumed?.plan !== undefined,
    });
  }

  #createPlanner({ plan, resumed }: JobOptions): JobPlanner {
    return new JobPlanner(plan, resumed?.plan?.splits, {
      isOpen: () => !this.#scheduler.started,
      onPlanned: (splits) => {
        this.#step({ type: "plan", maps: splits.length });
        this.#publish({ events: this.#decider.planEvents() });
      },
      onImpossible: (reason, code) => this.cancel(reason, code),
    });
  }

  #createPublisher({ log, onEvent }: JobOptions): Publisher {
    return new Publisher(log, () => this.#elapsedMs, {
      send: (message, isKept) => this.#send(message, isKept),
      onEvent,
      // The step that could not be kept is completed first.
      onLogFailed: ({ message }) => queueMicrotask(() => this.#endUnkept(message)),
      onDeposed: (error) => this.#shell.onDeposed(error),
    });
  }

  /** Starts, or resumes the job where the last coordinator left it. The job may end at once. */
  start(): void {
    const { directory, leaseMs, resumed } = this.#options;
    const { completed = [], plan } = resumed ?? {};
    const isResumed = resumed !== undefined;
    const startedAt = Date.now();
    this.#publish({
      records: isResumed ? [{ type: "resumed", term: this.#term }] : [],
      events: [
        { type: "jobStarted", directory, startedAt, resumed: isResumed, leaseMs },
        ...this.#decider.planEvents(),
        ...completed.map(restoredEvent),
      ],
    });
    // All that follows from these tasks is in the log already, except for the end.
    if (plan !== undefined) this.#step({ type: "resume", completed });
    else this.#shell.onStep();
  }

  /** Ends the job without a result. Harmless when it has ended. */
  cancel(reason: string, code?: ErrorCode): void {
    this.#step({ type: "cancel", reason, code });
  }

  /** Time has passed. A leader that has nothing to write asks its log whether it still leads. */
  tick(): void {
    if (this.#publisher.checkInMs(this.#options.leaseMs) === 0) this.#publisher.check();
    this.#step({ type: "tick" });
  }

  /** A worker is gone. */
  leave(worker: number): void {
    this.#step({ type: "leave", worker });
    const pid = this.#workers.remove(worker);
    if (pid !== undefined) this.#publish({ events: [{ type: "workerLeft", worker }] });
    const left = this.#requests.forget(worker);
    if (left === undefined || pid === undefined) return;
    // The attempt is lost, and is granted no commit any more, whatever its worker may still be doing.
    this.#shell.onAbandoned?.(left, attemptTag(this.#job, left.attempt, pid));
  }

  /**
   * In how many milliseconds {@link tick} is due; undefined for never. While there are leases that is often, so
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

  /** Whether a worker is about to ask for a task, and does not know yet that the job has ended. */
  get hasWorkersToTell(): boolean {
    for (const { worker } of this.#workers) {
      if (!this.#dismissed.has(worker) && !this.#requests.isBusy(worker)) return true;
    }
    return false;
  }

  get handlers(): Handlers {
    return {
      "worker.register": (params, caller) => this.#call(() => this.#register(params, caller)),
      "task.request": (params, caller) => this.#call(() => this.#request(params, caller)),
      "task.progress": ({ records, bytes, cpuMs, ...params }) =>
        this.#report({ type: "progress", progress: { records, bytes, cpuMs }, ...params }),
      "task.commit": (params) => this.#report({ type: "commit", ...params }),
      "task.complete": ({ outputs, counters, progress, skipped, spills, ...params }) => {
        const result = { outputs, counters, progress, skipped, spills };
        return this.#report({ type: "complete", result, ...params });
      },
      "task.fail": ({ code, message, stack, damaged, ...params }) => {
        const damagedMaps = damagedMapsOf(params, damaged);
        const failure = { code, message, stack };
        return this.#report({ type: "fail", failure, damagedMaps, ...params });
      },
      "job.status": () => {
        const { status } = this;
        return this.#answer(() => status);
      },
      "job.cancel": (params) => {
        const accepted = this.#scheduler.outcome === undefined;
        this.cancel(params?.reason ?? "cancelled by request");
        return this.#answer(() => ({ accepted }));
      },
    };
  }

  #register(params: Params<"worker.register">, caller: Caller): Promise<Registration> {
    const { started } = this.#scheduler;
    const [job, term] = [this.#job, this.#term];
    const { directory, inputDirectory, reduces, leaseMs, skipBadRecords } = this.#options;
    let worker: number;
    try {
      ({ worker } = this.#workers.register(params, started, reduces));
    } catch (error) {
      const reason = describeCause(error);
      this.#publish({ events: [{ type: "workerRefused", pid: params.pid, reason }] });
      throw error;
    }
    caller.identify(worker);
    this.#publish({ events: [{ type: "workerJoined", worker, pid: params.pid }] });
    const facts = { directory, inputDirectory, reduces, leaseMs, skipBadRecords };
    const registration = { worker, job, term, ...facts };
    // A worker that has not got its number cannot ask for a task yet.
    const answer = () => this.#answer(() => registration);
    if (started) return answer();
    return this.#planner.planFor(this.#workers.app, params.splitting)?.then(answer) ?? answer();
  }

  #request(params: Params<"task.request">, caller: Caller): Promise<Assignment | Dismissal> {
    const { worker } = params;
    this.#workers.check(params, this.#job, this.#term);
    const answer = this.#requests.wait(worker, caller, () =>
      this.#step({ type: "withdraw", worker }),
    );
    this.#step({ type: "request", worker });
    return answer;
  }

  #report(report: Report): Promise<Verdict> {
    return this.#call(() => {
      if (report.type === "complete") {
        checkOutputs(report, report.result.outputs, this.#options.reduces);
      }
      this.#workers.check(report, this.#job, this.#term);
      if (report.type === "complete" || report.type === "fail") {
        this.#requests.reported(report.worker);
      }
      return new Promise((resolve) => this.#step(report, resolve));
    });
  }

  /** Passes an error through the publisher too, because a deposed coordinator must not send even that. */
  #call<T>(call: () => Promise<T>): Promise<T> {
    try {
      return call();
    } catch (error) {
      return this.#answer(() => {
        throw error;
      });
    }
  }

  /** Answers a call without a decision, after the decisions before, with what `answer` returns or throws. */
  #answer<T>(answer: () => T): Promise<T> {
    return new Promise<void>((resolve) => {
      this.#publish({ messages: [{ to: "caller", answer: () => resolve() }] });
    }).then(answer);
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
  #endUnkept(reason: string): void {
    this.#publish({ events: [{ type: "journalFailed", message: reason }] });
    if (this.#scheduler.outcome === undefined) {
      this.cancel(reason, "LOG_UNWRITABLE");
      return;
    }
    const outcome = { state: "cancelled", reason, code: "LOG_UNWRITABLE" } as const;
    const events = [{ type: "jobEnded", outcome }] as const;
    this.#publish({ messages: [{ to: "owner", outcome }], events });
  }

  /** The first records that completed tasks have skipped, maps first. */
  get skipped(): SkippedRecord[] {
    return this.#scheduler.results
      .flatMap(({ skipped = [] }) => skipped)
      .slice(0, MAX_SKIPPED_OF_JOB);
  }

  /** The state of the job now, for people. */
  get status(): JobStatus {
    return {
      job: this.#job,
      term: this.#term,
      directory: this.#options.directory,
      elapsedMs: Math.round(this.#elapsedMs),
      ...jobStatus(this.#scheduler, this.#workers),
    };
  }

  get #elapsedMs(): number {
    return this.#shell.nowMs() - this.#startedMs;
  }
}
