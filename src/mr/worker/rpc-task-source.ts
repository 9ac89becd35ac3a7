import { setTimeout as sleep } from "node:timers/promises";
import { describeCause, errorCode, MrError } from "../base/errors.ts";
import {
  type Assignment,
  type Dismissal,
  type Method,
  type Params,
  PROTOCOL_VERSION,
  type Registration,
  type Results,
  RPC_ERRORS,
} from "../control/protocol/protocol.ts";
import { type Connection, isUnreachable, RpcError } from "../control/protocol/transport.ts";
import type { Failure, TaskResult } from "../job/task.ts";
import { checkAssignment, checkRegistration } from "./check-answer.ts";
import type { TaskSource } from "./run-tasks.ts";

/** Short, because a worker and its coordinator are often started at the same time. */
const RETRY_MS = 5;
const FAST_RETRIES_MS = 2000;
/** A coordinator that is not back by then is tried less often. */
const SLOW_RETRY_MS = 100;
/** Below the protocol's limit for a text. */
const MAX_TEXT = 90_000;

/** How long to wait for a coordinator, in milliseconds. */
export interface ConnectTimeouts {
  /** While there has been none, or the last one has ended. */
  readonly connectMs: number;
  /** While there has been none, if that is longer. */
  readonly startMs?: number;
  /** While the last one has died, and another one may resume its job. */
  readonly reconnectMs: number;
}

export interface Listeners {
  /** A coordinator, the first or one that has resumed the job, has registered this worker. */
  readonly onJoined?: ((job: Registration) => void) | undefined;
  /** A task was completed, and counts. */
  readonly onTaskDone?: (() => void) | undefined;
}

/** Time, as a worker sees it. */
export interface Clock {
  /** A monotonic clock, in milliseconds. */
  nowMs(): number;
  sleep(ms: number): Promise<unknown>;
}

const SYSTEM_CLOCK: Clock = { nowMs: () => performance.now(), sleep };

export interface TaskSourceOptions extends Listeners {
  readonly connection: Connection;
  /** Where the coordinator is, for messages. */
  readonly address: string;
  /** The app of this worker: its file name, for people, its digest, and what it asks of the job. */
  readonly identity: Omit<Params<"worker.register">, "protocol" | "pid">;
  readonly timeouts: ConnectTimeouts;
  readonly clock?: Clock;
}

/**
 * Gets tasks from a coordinator. When that dies and another one resumes the job, it registers there; the attempt
 * that was running is stale.
 */
export class RpcTaskSource implements TaskSource {
  readonly #options: TaskSourceOptions;
  readonly #clock: Clock;
  #registration: Registration | undefined;

  private constructor(options: TaskSourceOptions) {
    this.#options = options;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
  }

  /**
   * Finds the coordinator and registers there.
   *
   * @throws MrError when none listens, or it refuses this worker
   */
  static async connect(options: TaskSourceOptions): Promise<RpcTaskSource> {
    const source = new RpcTaskSource(options);
    await source.#register();
    return source;
  }

  get job(): Registration {
    if (this.#registration === undefined) throw new Error("The worker is not registered yet");
    return this.#registration;
  }

  async next(): Promise<Assignment | Dismissal> {
    for (;;) {
      const { worker, job, term } = this.job;
      const answer = await this.#callRegistered("task.request", { worker, job, term });
      if (answer === undefined) continue;
      checkAssignment(answer);
      return answer;
    }
  }

  commit(assignment: Assignment): Promise<boolean> {
    return this.#report("task.commit", this.#attempt(assignment));
  }

  async complete(assignment: Assignment, result: TaskResult): Promise<boolean> {
    const { outputs, counters, progress, skipped = [], spills = 0 } = result;
    const counts = await this.#report("task.complete", {
      ...this.#attempt(assignment),
      outputs: [...outputs],
      counters,
      progress,
      ...(skipped.length === 0 ? {} : { skipped: [...skipped] }),
      ...(spills === 0 ? {} : { spills }),
    });
    if (counts) this.#options.onTaskDone?.();
    return counts;
  }

  fail(
    assignment: Assignment,
    { code, message, stack }: Failure,
    damaged: readonly string[],
  ): Promise<boolean> {
    return this.#report("task.fail", {
      ...this.#attempt(assignment),
      code,
      message: message.slice(0, MAX_TEXT),
      stack: stack?.slice(0, MAX_TEXT),
      ...(damaged.length === 0 ? {} : { damaged: [...damaged] }),
    });
  }

  close(): void {
    this.#options.connection.close();
  }

  #attempt({ kind, task, attempt }: Assignment) {
    const { worker, job, term } = this.job;
    return { worker, job, term, phase: kind, task, attempt };
  }

  /** A coordinator that does not know this worker does not know its attempt either. */
  async #report<M extends "task.commit" | "task.complete" | "task.fail">(
    method: M,
    params: Params<M>,
  ): Promise<boolean> {
    return (await this.#callRegistered(method, params))?.accepted ?? false;
  }

  async #register(): Promise<void> {
    const registration = await this.#call("worker.register", {
      protocol: PROTOCOL_VERSION,
      pid: process.pid,
      ...this.#options.identity,
    });
    checkRegistration(registration);
    this.#registration = registration;
    this.#options.onJoined?.(registration);
  }

  /** @returns undefined when the coordinator is another one, with which it has now registered */
  async #callRegistered<M extends Method>(
    method: M,
    params: Params<M>,
  ): Promise<Results[M] | undefined> {
    try {
      return await this.#call(method, params);
    } catch (error) {
      if (!(error instanceof UnknownWorkerError)) throw error;
      await this.#register();
      return undefined;
    }
  }

  /** Retries while no coordinator listens, since it may be started after its workers. */
  async #call<M extends Method>(method: M, params: Params<M>): Promise<Results[M]> {
    const startedMs = this.#clock.nowMs();
    for (;;) {
      try {
        return await this.#options.connection.call(method, params);
      } catch (error) {
        if (error instanceof RpcError) {
          const message = `The coordinator refused ${method}: ${error.message}`;
          const isUnknown = error.code === RPC_ERRORS.unknownWorker;
          throw isUnknown
            ? new UnknownWorkerError("WORKER_REFUSED", message)
            : new MrError("WORKER_REFUSED", message);
        }
        if (!isUnreachable(error)) {
          throw new MrError(
            "COORDINATOR_UNREACHABLE",
            `Cannot talk to the coordinator on ${this.#options.address}: ${describeCause(error)}`,
          );
        }
        const waitedMs = this.#clock.nowMs() - startedMs;
        if (waitedMs >= this.#timeoutAfter(error)) throw this.#unreachable(waitedMs);
        await this.#clock.sleep(waitedMs < FAST_RETRIES_MS ? RETRY_MS : SLOW_RETRY_MS);
      }
    }
  }

  #timeoutAfter(error: unknown): number {
    const { connectMs, startMs = connectMs, reconnectMs } = this.#options.timeouts;
    if (this.#registration === undefined) return Math.max(connectMs, startMs);
    const hasDied = errorCode(error) !== "ENOENT";
    return hasDied ? Math.max(connectMs, reconnectMs) : connectMs;
  }

  #unreachable(waitedMs: number): MrError {
    const isFirst = this.#registration === undefined;
    const who = isFirst ? "No coordinator" : "The coordinator has gone: none";
    const where = `${this.#options.address} (waited ${Math.round(waitedMs / 1000)} s)`;
    return new MrError("COORDINATOR_UNREACHABLE", `${who} is listening on ${where}`);
  }
}

/** The coordinator never gave out the number of this worker. */
class UnknownWorkerError extends MrError {}
