import { setTimeout as sleep } from "node:timers/promises";
import { describeCause, type ErrorCode, errorCode, MrError } from "../base/errors.ts";
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
import { type Connection, isBusy, isUnreachable, RpcError } from "../control/protocol/transport.ts";
import type { Failure, Refusal, TaskResult } from "../job/task.ts";
import { asRefusal, checkAssignment, checkRegistration } from "./check-answer.ts";
import type { TaskSource } from "./run-tasks.ts";

/** Short, because a worker and its coordinator are often started at the same time. */
const RETRY_MS = 5;
const FAST_RETRIES_MS = 2000;
/** The interval after that. */
const SLOW_RETRY_MS = 100;
/** A coordinator that is only slow has answered by then. */
const TELL_OF_WAITING_MS = 1000;
/** Below the protocol's limit for a text. */
const MAX_TEXT = 90_000;

/** The codes of a coordinator's errors. All others mean that the two sides do not speak the same protocol. */
const CODES: ReadonlyMap<number, ErrorCode> = new Map([
  [RPC_ERRORS.refused, "WORKER_REFUSED"],
  [RPC_ERRORS.internal, "COORDINATOR_FAILED"],
  [RPC_ERRORS.thrown, "COORDINATOR_FAILED"],
]);

/** How long to wait for a coordinator, in milliseconds. */
export interface ConnectTimeouts {
  /** While there is none, or the last one has ended. */
  readonly connectMs: number;
  /** While there is none yet, if that is longer. */
  readonly startMs?: number;
  /** After the last one has died, since another one may resume its job. */
  readonly reconnectMs: number;
}

export interface Listeners {
  /** A coordinator, the first or one that has resumed the job, has registered this worker. */
  readonly onJoined?: ((job: Registration) => void) | undefined;
  /** The coordinator has gone. The worker waits so many milliseconds for another one to resume the job. */
  readonly onWaiting?: ((timeoutMs: number) => void) | undefined;
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

export interface TaskSourceOptions extends Listeners, ConnectTimeouts {
  readonly connection: Connection;
  /** Where the coordinator is, for messages. */
  readonly address: string;
  /** The app of this worker: its file name, for people, its digest, and what it asks of the job. */
  readonly identity: Omit<Params<"worker.register">, "protocol" | "pid">;
  readonly clock?: Clock;
}

/** The coordinator does not let this worker take part. The message does not say why. */
export class WorkerRefusedError extends MrError {
  readonly refusal: Refusal;

  constructor(message: string, refusal: Refusal) {
    super("WORKER_REFUSED", message);
    this.refusal = refusal;
  }
}

/**
 * Gets tasks from a coordinator. When that dies and another one resumes the job, it registers there; the attempt
 * that was running is stale. It follows no coordinator with a lower term than one before, which has been deposed.
 */
export class RpcTaskSource implements TaskSource {
  readonly #options: TaskSourceOptions;
  readonly #clock: Clock;
  #registration: Registration | undefined;
  /** The assignment that came with the answer to the last report. */
  #next: Assignment | Dismissal | undefined;

  private constructor(options: TaskSourceOptions) {
    this.#options = options;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
  }

  /**
   * Finds the coordinator and registers there.
   *
   * @throws MrError when none listens, {@link WorkerRefusedError} when it refuses this worker
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
      const answer =
        this.#next ?? (await this.#callRegistered("task.request", { worker, job, term }));
      this.#next = undefined;
      if (answer === undefined) continue;
      checkAssignment(answer);
      return answer;
    }
  }

  commit(assignment: Assignment): Promise<boolean> {
    return this.#report("task.commit", this.#attempt(assignment));
  }

  async complete(assignment: Assignment, result: TaskResult): Promise<boolean> {
    const {
      outputs,
      counters,
      progress,
      skipped = [],
      replaced = [],
      spills = 0,
      records,
    } = result;
    const completion = await this.#callRegistered("task.complete", {
      ...this.#attempt(assignment),
      outputs: [...outputs],
      counters,
      progress,
      ...(skipped.length === 0 ? {} : { skipped: [...skipped] }),
      ...(replaced.length === 0 ? {} : { replaced: [...replaced] }),
      ...(spills === 0 ? {} : { spills }),
      ...(records === undefined ? {} : { records }),
      next: true,
    });
    const { accepted = false, next } = completion ?? {};
    this.#next = next;
    if (accepted) this.#options.onTaskDone?.();
    return accepted;
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
  async #report<M extends "task.commit" | "task.fail">(
    method: M,
    params: Params<M>,
  ): Promise<boolean> {
    return (await this.#callRegistered(method, params))?.accepted ?? false;
  }

  async #register(): Promise<void> {
    const { identity } = this.#options;
    const params = { protocol: PROTOCOL_VERSION, pid: process.pid, ...identity };
    const registration = await this.#call("worker.register", params, (answer) => {
      checkRegistration(answer);
      return answer.term >= (this.#registration?.term ?? 0);
    });
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
      if (!isUnknownWorker(error)) throw error;
      await this.#register();
      return undefined;
    }
  }

  /**
   * Retries while no coordinator listens, since it may be started after its workers, and while the one that
   * listens has been deposed. One that is too busy to accept connections is waited for without a limit, as is one
   * that takes its time to answer.
   *
   * @param isFromLeader whether the answer is not one of a deposed coordinator
   */
  async #call<M extends Method>(
    method: M,
    params: Params<M>,
    isFromLeader: (answer: Results[M]) => boolean = () => true,
  ): Promise<Results[M]> {
    let startedMs = this.#clock.nowMs();
    let hasToldOfWaiting = false;
    for (;;) {
      let answer: Results[M] | undefined;
      /** The code of the connection's error; undefined if a deposed coordinator has answered. */
      let error: string | undefined;
      try {
        answer = await this.#options.connection.call(method, params);
      } catch (thrown) {
        if (isBusy(thrown)) {
          await this.#clock.sleep(SLOW_RETRY_MS);
          startedMs = this.#clock.nowMs();
          continue;
        }
        if (!isUnreachable(thrown)) throw this.#failure(method, thrown);
        error = errorCode(thrown);
      }
      if (answer !== undefined && isFromLeader(answer)) return answer;
      const waitedMs = this.#clock.nowMs() - startedMs;
      const timeoutMs = this.#timeoutAfter(error);
      if (waitedMs >= timeoutMs) throw this.#unreachable(waitedMs, error);
      if (!hasToldOfWaiting && waitedMs >= TELL_OF_WAITING_MS && this.#registration !== undefined) {
        hasToldOfWaiting = true;
        this.#options.onWaiting?.(timeoutMs);
      }
      await this.#clock.sleep(waitedMs < FAST_RETRIES_MS ? RETRY_MS : SLOW_RETRY_MS);
    }
  }

  #failure(method: Method, error: unknown): MrError {
    if (!(error instanceof RpcError)) {
      const message = `Cannot talk to the coordinator on ${this.#options.address}: ${describeCause(error)}`;
      const code = error instanceof MrError ? error.code : "COORDINATOR_UNREACHABLE";
      return new MrError(code, message, { cause: error });
    }
    const message = `The coordinator refused ${method}`;
    const refusal = error.code === RPC_ERRORS.refused ? asRefusal(error.data) : undefined;
    if (refusal !== undefined) return new WorkerRefusedError(message, refusal);
    const code = CODES.get(error.code) ?? "PROTOCOL_ERROR";
    return new MrError(code, `${message}: ${error.message}`, { cause: error });
  }

  #timeoutAfter(error: string | undefined): number {
    const { connectMs, startMs = connectMs, reconnectMs } = this.#options;
    if (this.#registration === undefined) return Math.max(connectMs, startMs);
    // It has died, or been deposed: another one may resume its job.
    return error === "ENOENT" ? connectMs : Math.max(connectMs, reconnectMs);
  }

  #unreachable(waitedMs: number, error: string | undefined): MrError {
    const isFirst = this.#registration === undefined;
    const who = isFirst ? "No coordinator" : "The coordinator has gone: none";
    const what = error === undefined ? "that leads the job is" : "is";
    const where = `${this.#options.address} (waited ${Math.round(waitedMs / 1000)} s)`;
    return new MrError("COORDINATOR_UNREACHABLE", `${who} ${what} listening on ${where}`);
  }
}

/** Whether the coordinator never gave out the number of this worker: another one did. */
function isUnknownWorker(error: unknown): boolean {
  const { cause } = error instanceof MrError ? error : {};
  return cause instanceof RpcError && cause.code === RPC_ERRORS.unknownWorker;
}
