import { Worker } from "node:worker_threads";
import { assetPath, CODE_EXTENSION } from "../base/assets.ts";
import { visibleLines } from "../base/text.ts";
import {
  type Assignment,
  type Dismissal,
  type Registration,
  RPC_ERRORS,
  RPC_PATH,
} from "../control/protocol/protocol.ts";
import type { ProgressMeter } from "../data/task/task-context.ts";
import { BEATS_PER_LEASE, beatMs, MAX_PUBLISHING_MS } from "../job/limits.ts";
import type { Progress } from "../job/task.ts";
import type { CoordinatorAddress, HeartbeatData } from "./heartbeat-thread.mjs";
import { StaleAttemptError } from "./run-tasks.ts";

/** The build makes CommonJS of the thread: Node loads that in 4 ms less of processor time. */
const THREAD = `mr/worker/heartbeat-thread.${CODE_EXTENSION === ".ts" ? "mjs" : "cjs"}`;

/** Places in the state that both threads share, after the numbers of the attempt. */
const SLOTS = { givenUp: 6, workDone: 7, term: 8, signs: 9, outcome: 10, tasks: 11 };
const STATE_LENGTH = 12;
/** How a job ends, by its number in the state, less 1. */
const OUTCOMES = ["completed", "failed", "cancelled"] as const;

/** What a worker says of the job when it ends. */
export const ENDS: Readonly<Record<Dismissal["outcome"], string>> = {
  completed: "The job is complete",
  failed: "The job has failed",
  cancelled: "The job was cancelled",
};

/**
 * Renews the lease of the current attempt from a thread of its own, while there is progress to report. It costs
 * nothing between attempts and in attempts shorter than a beat.
 *
 * When the coordinator refuses the attempt, because another one has won or this one took too long, the next
 * progress throws a {@link StaleAttemptError}. User code that makes no progress within another lease is stuck,
 * and since nothing else can stop it, the process ends. So it does soon after the job or the coordinator has ended.
 */
export class Heartbeat implements ProgressMeter {
  readonly #state = new SharedArrayBuffer(STATE_LENGTH * Int32Array.BYTES_PER_ELEMENT);
  readonly #meters = new SharedArrayBuffer(5 * Float64Array.BYTES_PER_ELEMENT);
  readonly #attempt = new Int32Array(this.#state);
  readonly #meter = new Float64Array(this.#meters);
  readonly #thread: Worker;
  #source: { readonly job: Registration } | undefined;
  #serial = 0;

  /** Starts the thread, which takes 20 ms of processor time: early, so that the worker need not wait for it. */
  constructor() {
    const workerData: HeartbeatData = {
      state: this.#state,
      meters: this.#meters,
      slots: SLOTS,
      beatsPerLease: BEATS_PER_LEASE,
      maxPublishingMs: MAX_PUBLISHING_MS,
      unknownWorker: RPC_ERRORS.unknownWorker,
    };
    this.#thread = new Worker(assetPath(THREAD), {
      workerData,
      // The thread needs nothing of what this process was started with, such as a loader.
      execArgv: [],
    });
    // It must neither keep the process alive nor end it: without beats, only the lease ends.
    this.#thread.unref();
    this.#thread.on("error", () => undefined);
  }

  /**
   * Sets the address of the coordinator. Must be called before the first attempt.
   *
   * @param reconnectMs how long a worker goes on when its coordinator has died
   * @param source asked for the registration at the start of each attempt
   * @param who the beginning of the last line of a process that has to end because its app is stuck. Default:
   *   `worker` and the process number
   */
  connect(
    socketPath: string,
    reconnectMs: number,
    source: { readonly job: Registration },
    who = `worker ${process.pid}`,
  ): void {
    this.#source = source;
    const gone = `The coordinator has gone: none is listening on socket "${socketPath}"`;
    const farewell = { who: visibleLines(who), ends: ENDS, gone: visibleLines(gone) };
    const address: CoordinatorAddress = { socketPath, path: RPC_PATH, reconnectMs, farewell };
    this.#thread.postMessage(address);
  }

  /** Starts to measure and to report an attempt. */
  begin({ kind, task, attempt }: Assignment): void {
    const { user, system } = process.cpuUsage();
    if (this.#source === undefined) throw new Error("The heartbeat has no coordinator yet");
    const { worker, job, term, leaseMs } = this.#source.job;
    const cpuMs = (user + system) / 1000;
    this.#meter.set([0, 0, cpuMs, beatMs(leaseMs), leaseMs / BEATS_PER_LEASE]);
    const fields = [kind === "map" ? 0 : 1, task, attempt, worker, Number.parseInt(job, 16)];
    this.#attempt.set(fields, 1);
    this.#attempt[SLOTS.term] = term;
    this.#attempt[SLOTS.signs] = 0;
    this.#serial = (this.#serial + 1) & 0x7fffffff || 1;
    this.#announce(this.#serial);
  }

  /**
   * User code is done: the rest of the attempt can't be stuck, and is not killed. A slow disk may take longer than a
   * lease to sync its output, in which time the thread reports that it is alive.
   */
  workDone(): void {
    Atomics.store(this.#attempt, SLOTS.workDone, this.#serial);
  }

  /** Ends the attempt, whatever its result. */
  end(): void {
    this.#announce(0);
  }

  /** A task is completed, and counts. */
  taskDone(): void {
    Atomics.add(this.#attempt, SLOTS.tasks, 1);
  }

  /** How the job has ended, if the coordinator has said so in its answer to a beat. */
  get outcome(): Dismissal["outcome"] | undefined {
    return OUTCOMES[Atomics.load(this.#attempt, SLOTS.outcome) - 1];
  }

  get progress(): Progress {
    const { user, system } = process.cpuUsage();
    const [records = 0, bytes = 0, startedCpuMs = 0] = this.#meter;
    return { records, bytes, cpuMs: Math.max(0, (user + system) / 1000 - startedCpuMs) };
  }

  addRecords(count: number): void {
    this.#checkGivenUp();
    this.#meter[0] = (this.#meter[0] ?? 0) + count;
  }

  addBytes(count: number): void {
    this.#checkGivenUp();
    this.#meter[1] = (this.#meter[1] ?? 0) + count;
  }

  alive(): void {
    this.#checkGivenUp();
    Atomics.add(this.#attempt, SLOTS.signs, 1);
  }

  async close(): Promise<void> {
    await this.#thread.terminate();
  }

  #checkGivenUp(): void {
    const isGivenUp = Atomics.load(this.#attempt, SLOTS.givenUp) === this.#serial;
    if (isGivenUp) throw new StaleAttemptError();
  }

  #announce(serial: number): void {
    Atomics.store(this.#attempt, 0, serial);
    Atomics.notify(this.#attempt, 0);
  }
}
