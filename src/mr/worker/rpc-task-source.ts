import { setTimeout as sleep } from "node:timers/promises";
import { describeCause, errorCode, MrError } from "../base/errors.ts";
import { checkSocketOwner } from "../base/socket-path.ts";
import { isNobodyThere, RpcClient, RpcError } from "../control/protocol/client.ts";
import {
  type Method,
  type Params,
  PROTOCOL_VERSION,
  type Results,
  RPC_ERRORS,
} from "../control/protocol/protocol.ts";
import type { Failure, TaskResult } from "../job/task.ts";
import { checkAssignment, checkRegistration } from "./check-answer.ts";
import type { Assignment, Dismissal, TaskSource } from "./task-source.ts";

/** Short, because a worker and its coordinator are often started together, and only one may wait. */
const RETRY_MS = 5;
const HURRY_MS = 2000;
/** A coordinator that is not back by then is waited for without haste. */
const SLOW_RETRY_MS = 100;
/** Longest text the protocol takes, less some room. */
const MAX_TEXT = 90_000;

/** What a worker says of itself. */
export interface WorkerIdentity {
  /** File name of the app, for people. */
  readonly app: string;
  /** SHA-256 of the compiled app. */
  readonly digest: string;
  /** Whether its inputs may be cut at any byte, or a file is one task. */
  readonly splitting: Params<"worker.register">["splitting"];
  /** How many reduce tasks the app needs; 1 unless told. */
  readonly leastReduces?: number;
  /** What the app was told by environment variables, by their names; null for those that are not set. */
  readonly settings: Readonly<Record<string, string | null>>;
}

/** How long to wait for a coordinator, in milliseconds. */
export interface Patience {
  /** While none has ever been there, or the one that was has closed its socket. */
  readonly patienceMs: number;
  /** While none has ever been there, if that is longer. */
  readonly startMs?: number;
  /** While the one that was has died, and may be started again to go on with its job. */
  readonly reconnectMs: number;
}

/** Who wants to hear how a worker fares. */
export interface Listeners {
  /** The coordinator, or another one that goes on with the job, has given it a number. */
  readonly onJoined?: ((job: Results["worker.register"]) => void) | undefined;
  /** A task was completed, and counts. */
  readonly onTaskDone?: (() => void) | undefined;
}

/** What a worker needs of the world: the coordinator, and time. */
export interface Link {
  call<M extends Method>(method: M, params: Params<M>): Promise<Results[M]>;
  close(): void;
  /** A monotonic clock. */
  nowMs(): number;
  sleep(ms: number): Promise<unknown>;
}

/**
 * Gets tasks from the coordinator on a socket. When that dies and another one goes on with the job, it
 * registers with that one; what it was doing is stale.
 */
export class RpcTaskSource implements TaskSource {
  readonly #link: Link;
  readonly #socketPath: string;
  readonly #identity: WorkerIdentity;
  readonly #patience: Patience;
  readonly #listeners: Listeners;
  #registration: Results["worker.register"] | undefined;

  private constructor(
    socketPath: string,
    identity: WorkerIdentity,
    patience: Patience,
    listeners: Listeners,
    link: Link,
  ) {
    this.#link = link;
    this.#socketPath = socketPath;
    this.#identity = identity;
    this.#patience = patience;
    this.#listeners = listeners;
  }

  /**
   * Finds the coordinator and registers with it.
   *
   * @param link another way to speak to the coordinator than its socket
   * @throws MrError when nobody listens, or the coordinator refuses this worker
   */
  static async connect(
    socketPath: string,
    identity: WorkerIdentity,
    patience: Patience,
    listeners: Listeners = {},
    link: Link = linkTo(socketPath),
  ): Promise<RpcTaskSource> {
    const source = new RpcTaskSource(socketPath, identity, patience, listeners, link);
    await source.#register();
    return source;
  }

  get job(): Results["worker.register"] {
    if (this.#registration === undefined) throw new Error("The worker is not registered yet");
    return this.#registration;
  }

  async next(): Promise<Assignment | Dismissal> {
    for (;;) {
      const { worker, job, term } = this.job;
      const answer = await this.#callAsMember("task.request", { worker, job, term });
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
    if (counts) this.#listeners.onTaskDone?.();
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
    this.#link.close();
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
    return (await this.#callAsMember(method, params))?.accepted ?? false;
  }

  async #register(): Promise<void> {
    const registration = await this.#call("worker.register", {
      protocol: PROTOCOL_VERSION,
      pid: process.pid,
      ...this.#identity,
    });
    checkRegistration(registration);
    this.#registration = registration;
    this.#listeners.onJoined?.(registration);
  }

  /** @returns undefined when the coordinator is another one, with which it has now registered */
  async #callAsMember<M extends Method>(
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

  /** Workers and coordinator may be started in any order, so nobody listening yet is no error yet. */
  async #call<M extends Method>(method: M, params: Params<M>): Promise<Results[M]> {
    const startedMs = this.#link.nowMs();
    for (;;) {
      try {
        return await this.#link.call(method, params);
      } catch (error) {
        if (error instanceof RpcError) {
          const message = `The coordinator refused ${method}: ${error.message}`;
          const isUnknown = error.code === RPC_ERRORS.unknownWorker;
          throw isUnknown
            ? new UnknownWorkerError("WORKER_REFUSED", message)
            : new MrError("WORKER_REFUSED", message);
        }
        if (!isNobodyThere(error)) {
          throw new MrError(
            "COORDINATOR_UNREACHABLE",
            `Cannot talk to the coordinator on socket "${this.#socketPath}": ${describeCause(error)}`,
          );
        }
        const waitedMs = this.#link.nowMs() - startedMs;
        if (waitedMs >= this.#patienceWith(error)) throw this.#nobodyThere(waitedMs);
        await this.#link.sleep(waitedMs < HURRY_MS ? RETRY_MS : SLOW_RETRY_MS);
      }
    }
  }

  /** A coordinator that ends removes its socket; one that dies leaves it behind. */
  #patienceWith(error: unknown): number {
    const { patienceMs, startMs = patienceMs, reconnectMs } = this.#patience;
    if (this.#registration === undefined) return Math.max(patienceMs, startMs);
    const hasDied = errorCode(error) !== "ENOENT";
    return hasDied ? Math.max(patienceMs, reconnectMs) : patienceMs;
  }

  #nobodyThere(waitedMs: number): MrError {
    const who =
      this.#registration === undefined ? "No coordinator" : "The coordinator has gone: none";
    const waited = `(waited ${Math.round(waitedMs / 1000)} s)`;
    return new MrError(
      "COORDINATOR_UNREACHABLE",
      `${who} is listening on socket "${this.#socketPath}" ${waited}`,
    );
  }
}

function linkTo(socketPath: string): Link {
  const client = new RpcClient(socketPath);
  return {
    call: (method, params) => {
      if (method === "worker.register") checkSocketOwner(socketPath);
      return client.call(method, params);
    },
    close: () => client.close(),
    nowMs: () => performance.now(),
    sleep,
  };
}

/** The coordinator never gave out the number of this worker. */
class UnknownWorkerError extends MrError {
  override name = "UnknownWorkerError";
}
