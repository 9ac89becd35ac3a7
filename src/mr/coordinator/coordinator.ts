import { randomBytes } from "node:crypto";
import { describeCause } from "../errors.ts";
import type {
  Assignment,
  Dismissal,
  JobStatus,
  Params,
  Registration,
  Split,
  Verdict,
} from "../rpc/protocol.ts";
import { type Caller, type Handlers, RpcServer } from "../rpc/server.ts";
import { Scheduler } from "../scheduler/scheduler.ts";
import type { AttemptId, Effect, Outcome, SchedulerEvent } from "../scheduler/types.ts";
import { describeEffect } from "./describe-effect.ts";
import { WorkerRegistry } from "./worker-registry.ts";

/** After the end, how long a worker that is still busy or only just starting may take to hear of it. */
const FAREWELL_MS = 200;
const MAX_TIMER_MS = 2 ** 31 - 1;

export interface CoordinatorOptions {
  /**
   * Cuts the inputs into map tasks, at least one. Called once for whole files and, where the first
   * worker's app can start in the middle of a file, again.
   */
  readonly plan: (splitting: Splitting) => readonly Split[];
  /** Absolute path of the job directory. */
  readonly directory: string;
  /** Absolute path that relative inputs start from. */
  readonly inputDirectory: string;
  /** Number of reduce tasks, at least 1. */
  readonly reduces: number;
  /** How long an attempt may go without progress, in milliseconds. */
  readonly leaseMs: number;
  /** How many attempts of a task may fail before the job does. */
  readonly maxFailures: number;
  /** How many attempts of a task may be lost before the job fails. */
  readonly maxLosses: number;
  readonly socketPath: string;
  /** Leave out and count records that are malformed, or that the app throws on. */
  readonly skipBadRecords: boolean;
  /** Receives one line for everything a person would want to know. */
  readonly log: (line: string) => void;
}

/** Whether the app takes whole files, or can start in the middle of one. */
export type Splitting = Params<"worker.register">["splitting"];

/** The waiting end of a `task.request`. */
type Answer = (answer: Assignment | Dismissal) => void;

/**
 * Owns the state, the socket and the timer of a job: passes what arrives to the scheduler, and does
 * what the scheduler decides.
 */
export class Coordinator {
  /** How the job ended. Workers have been told, and the socket is closed. */
  readonly finished: Promise<Outcome>;

  readonly #options: CoordinatorOptions;
  readonly #job = randomBytes(4).toString("hex");
  readonly #scheduler: Scheduler;
  #splits: readonly Split[];
  readonly #workers = new WorkerRegistry();
  /** Requests for a task that have not been answered yet, by worker. */
  readonly #waiting = new Map<number, Answer>();
  readonly #startedMs = performance.now();
  #server: RpcServer | undefined;
  #timer: NodeJS.Timeout | undefined;
  #resolveFinished: (outcome: Outcome) => void = () => undefined;
  #onWorkerRemoved: () => void = () => undefined;

  private constructor(options: CoordinatorOptions) {
    const { plan, reduces, leaseMs, maxFailures, maxLosses } = options;
    this.#options = options;
    this.#splits = plan("wholeFile");
    const shape = { maps: this.#splits.length, reduces, leaseMs, maxFailures, maxLosses };
    this.#scheduler = new Scheduler(shape);
    this.finished = new Promise((resolve) => {
      this.#resolveFinished = resolve;
    });
  }

  /**
   * Starts to listen for workers.
   *
   * @throws MrError when the socket cannot be used, or another coordinator has it
   */
  static async start(options: CoordinatorOptions): Promise<Coordinator> {
    const coordinator = new Coordinator(options);
    coordinator.#server = await RpcServer.listen({
      socketPath: options.socketPath,
      handlers: coordinator.#handlers(),
      onWorkerGone: (worker) => coordinator.#leave(worker),
    });
    return coordinator;
  }

  /** Ends the job without a result. Harmless when it has ended. */
  cancel(reason: string): void {
    this.#step({ type: "cancel", reason });
  }

  #handlers(): Handlers {
    return {
      "worker.register": (params, caller) => this.#register(params, caller),
      "task.request": ({ worker }, caller) => this.#request(worker, caller),
      "task.progress": ({ records, bytes, cpuMs, ...params }) =>
        this.#report({ type: "progress", progress: { records, bytes, cpuMs }, ...params }),
      "task.commit": (params) => this.#report({ type: "commit", ...params }),
      "task.complete": ({ outputs, counters, ...params }) =>
        this.#report({ type: "complete", result: { outputs, counters }, ...params }),
      "task.fail": ({ message, stack, ...params }) =>
        this.#report({ type: "fail", failure: { message, stack }, ...params }),
      "job.status": () => this.status,
      "job.cancel": (params) => {
        const accepted = this.#scheduler.outcome === undefined;
        this.cancel(params?.reason ?? "cancelled by request");
        return { accepted };
      },
    };
  }

  #register(params: Params<"worker.register">, caller: Caller): Registration {
    const { started } = this.#scheduler;
    const { directory, inputDirectory, reduces, leaseMs, skipBadRecords, log } = this.#options;
    try {
      const { worker } = this.#workers.register(params, started);
      caller.identify(worker);
      if (!started) this.#plan(params.splitting);
      const job = this.#job;
      return { worker, job, directory, inputDirectory, reduces, leaseMs, skipBadRecords };
    } catch (error) {
      log(`Refused a worker (pid ${params.pid}): ${describeCause(error)}`);
      throw error;
    }
  }

  /** What a worker's app can do with an input decides how the inputs are cut. */
  #plan(splitting: Splitting): void {
    try {
      this.#splits = this.#options.plan(splitting);
    } catch (error) {
      // No other worker would fare better.
      this.cancel(describeCause(error));
      return;
    }
    this.#step({ type: "plan", maps: this.#splits.length });
  }

  #request(worker: number, caller: Caller): Promise<Assignment | Dismissal> {
    this.#workers.check(worker);
    return new Promise((resolve) => {
      this.#waiting.set(worker, resolve);
      caller.onHangUp(() => {
        if (this.#waiting.get(worker) !== resolve) return;
        this.#waiting.delete(worker);
        this.#step({ type: "withdraw", worker });
      });
      this.#step({ type: "request", worker });
    });
  }

  #report(event: SchedulerEvent & AttemptId & { readonly worker: number }): Verdict {
    this.#workers.check(event.worker);
    const verdict = this.#step(event).find((effect) => effect.type === "verdict");
    return { accepted: verdict?.accepted ?? false };
  }

  #leave(worker: number): void {
    this.#step({ type: "leave", worker });
    this.#workers.remove(worker);
    this.#onWorkerRemoved();
  }

  #step(event: SchedulerEvent): Effect[] {
    const effects = this.#scheduler.step(event, performance.now());
    for (const effect of effects) this.#carryOut(effect);
    this.#armTimer();
    return effects;
  }

  #carryOut(effect: Effect): void {
    const line = describeEffect(effect, (worker) => this.#workers.describe(worker));
    if (line !== undefined) this.#options.log(line);
    if (effect.type === "assign") this.#answer(effect.worker, this.#assignment(effect));
    else if (effect.type === "dismiss") this.#dismiss(effect.worker);
    else if (effect.type === "ended") this.#finish(effect.outcome);
  }

  #answer(worker: number, answer: Assignment | Dismissal): void {
    this.#waiting.get(worker)?.(answer);
    this.#waiting.delete(worker);
  }

  #dismiss(worker: number): void {
    this.#answer(worker, { kind: "exit", outcome: this.#scheduler.outcome?.state ?? "cancelled" });
  }

  #assignment({ phase, task, attempt }: AttemptId): Assignment {
    if (phase === "map") {
      const split = this.#splits[task] ?? { file: "", start: 0, end: 0 };
      return { kind: "map", task, attempt, split };
    }
    const sources = this.#splits.flatMap((_, map) => {
      return this.#scheduler.resultOf("map", map)?.outputs[task] ?? [];
    });
    return { kind: "reduce", task, attempt, sources };
  }

  /** Ticks are needed only when a lease runs out without any other event: no lease, no timer. */
  #armTimer(): void {
    clearTimeout(this.#timer);
    const dueMs = this.#scheduler.nextDeadlineMs;
    if (dueMs === undefined) return;
    const delayMs = Math.min(Math.max(0, dueMs - performance.now()), MAX_TIMER_MS);
    this.#timer = setTimeout(() => this.#step({ type: "tick" }), Math.ceil(delayMs));
  }

  /** Every worker that is connected hears of the end before the socket goes away. */
  #finish(outcome: Outcome): void {
    const farewell = new Promise<void>((resolve) => {
      this.#onWorkerRemoved = () => {
        if (this.#workers.size === 0) resolve();
      };
      setTimeout(resolve, FAREWELL_MS).unref();
      this.#onWorkerRemoved();
    });
    farewell.then(() => this.#server?.close()).finally(() => this.#resolveFinished(outcome));
  }

  /** What a person would want to know of the job now. */
  get status(): JobStatus {
    const { counts, phase, outcome, running } = this.#scheduler;
    const taskOf = new Map(running.map(({ worker, ...task }) => [worker, task]));
    return {
      job: this.#job,
      directory: this.#options.directory,
      state: outcome?.state ?? "running",
      phase,
      app: this.#workers.app ?? null,
      counters: this.#counters(),
      elapsedMs: Math.round(performance.now() - this.#startedMs),
      maps: counts.map,
      reduces: counts.reduce,
      workers: Array.from(this.#workers, ({ worker, pid }) => {
        return { worker, pid, task: taskOf.get(worker) ?? null };
      }),
    };
  }

  /** Only what winning attempts have counted: a task that ran twice counts once. */
  #counters(): Record<string, number> {
    const sums = new Map<string, number>();
    for (const { counters } of this.#scheduler.results) {
      for (const [name, count] of Object.entries(counters)) {
        sums.set(name, (sums.get(name) ?? 0) + count);
      }
    }
    return Object.fromEntries(sums);
  }
}
