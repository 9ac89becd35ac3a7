import { setTimeout as sleep } from "node:timers/promises";
import { describeCause, MrError } from "../errors.ts";
import { isNobodyThere, RpcClient, RpcError } from "../rpc/client.ts";
import { type Method, type Params, PROTOCOL_VERSION, type Results } from "../rpc/protocol.ts";
import type { TaskFailure, TaskResult } from "../scheduler/types.ts";
import type { Assignment, Dismissal, JobFacts, TaskSource } from "./task-source.ts";

/** Short, because a worker and its coordinator are often started together, and only one may wait. */
const RETRY_MS = 5;
/** Longest text the protocol takes, less some room. */
const MAX_TEXT = 90_000;

/** What a worker says of itself. */
export interface WorkerIdentity {
  /** File name of the app, for people. */
  readonly app: string;
  /** SHA-256 of the compiled app. */
  readonly digest: string;
  /** Whether its inputs may be cut at any byte, or a file is one task. */
  readonly splitting: "wholeFile" | "bytes";
}

/** Gets tasks from the coordinator on a socket. */
export class RpcTaskSource implements TaskSource {
  readonly #client: RpcClient;
  readonly #socketPath: string;
  readonly #patienceMs: number;
  #registration: Results["worker.register"] | undefined;

  private constructor(socketPath: string, patienceMs: number) {
    this.#client = new RpcClient(socketPath);
    this.#socketPath = socketPath;
    this.#patienceMs = patienceMs;
  }

  /**
   * Finds the coordinator and registers with it.
   *
   * @param patienceMs how long to wait, now or later, while nobody listens on the socket
   * @throws MrError when nobody listens, or the coordinator refuses this worker
   */
  static async connect(
    socketPath: string,
    identity: WorkerIdentity,
    patienceMs: number,
  ): Promise<RpcTaskSource> {
    const source = new RpcTaskSource(socketPath, patienceMs);
    source.#registration = await source.#call("worker.register", {
      protocol: PROTOCOL_VERSION,
      pid: process.pid,
      ...identity,
    });
    return source;
  }

  get job(): JobFacts {
    return this.#registered;
  }

  /** This worker's number with the coordinator. */
  get worker(): number {
    return this.#registered.worker;
  }

  next(): Promise<Assignment | Dismissal> {
    return this.#call("task.request", { worker: this.worker });
  }

  async commit(assignment: Assignment): Promise<boolean> {
    return (await this.#call("task.commit", this.#attempt(assignment))).accepted;
  }

  async complete(assignment: Assignment, { outputs, counters }: TaskResult): Promise<boolean> {
    const params = { ...this.#attempt(assignment), outputs: [...outputs], counters };
    return (await this.#call("task.complete", params)).accepted;
  }

  async fail(assignment: Assignment, { message, stack }: TaskFailure): Promise<boolean> {
    const params = {
      ...this.#attempt(assignment),
      message: message.slice(0, MAX_TEXT),
      stack: stack?.slice(0, MAX_TEXT),
    };
    return (await this.#call("task.fail", params)).accepted;
  }

  close(): void {
    this.#client.close();
  }

  get #registered(): Results["worker.register"] {
    if (this.#registration === undefined) throw new Error("The worker is not registered yet");
    return this.#registration;
  }

  #attempt({ kind, task, attempt }: Assignment) {
    return { worker: this.worker, phase: kind, task, attempt };
  }

  /** Workers and coordinator may be started in any order, so nobody listening yet is no error yet. */
  async #call<M extends Method>(method: M, params: Params<M>): Promise<Results[M]> {
    const giveUpMs = performance.now() + this.#patienceMs;
    for (;;) {
      try {
        return await this.#client.call(method, params);
      } catch (error) {
        if (error instanceof RpcError) {
          throw new MrError(`The coordinator refused ${method}: ${error.message}`);
        }
        if (!isNobodyThere(error)) {
          throw new MrError(
            `Cannot talk to the coordinator on socket "${this.#socketPath}": ${describeCause(error)}`,
          );
        }
        if (performance.now() >= giveUpMs) throw this.#nobodyThere();
        await sleep(RETRY_MS);
      }
    }
  }

  #nobodyThere(): MrError {
    const who =
      this.#registration === undefined ? "No coordinator" : "The coordinator has gone: none";
    const waited = `(waited ${this.#patienceMs / 1000} s)`;
    return new MrError(`${who} is listening on socket "${this.#socketPath}" ${waited}`);
  }
}
