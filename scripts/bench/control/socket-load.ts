import { setTimeout as sleep } from "node:timers/promises";
import { crc32 } from "node:zlib";
import { PROTOCOL_VERSION } from "../../../src/mr/control/protocol/protocol.ts";
import { RpcConnection } from "./rpc-connection.ts";

export interface SocketLoad {
  readonly socketPath: string;
  readonly workers: number;
  readonly maps: number;
  readonly reduces: number;
  /** The target of all workers together, in requests a second; by default as many as are served. */
  readonly requestsPerSecond?: number;
  /** When measuring begins, in milliseconds: a process that has just started is slower. */
  readonly warmUpMs: number;
}

export interface SocketResult {
  readonly requests: number;
  readonly seconds: number;
  /** Of all requests after the warm-up, without those that waited for a task. */
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly highestMs: number;
}

interface Task {
  readonly kind: "map" | "reduce" | "exit";
  readonly task: number;
  readonly attempt: number;
  readonly sources?: readonly object[];
}

const CALLS_PER_TASK = 3;
const LENGTH = 123_456;
/** The contents of every result, which the coordinator reads at the end of the job. */
export const RESULT = Buffer.alloc(LENGTH, "x");
const CHECKSUM = crc32(RESULT);

/** Workers that only request tasks and report them, each on its own connection. */
export class SocketLoader {
  readonly #load: SocketLoad;
  readonly #latenciesMs: number[] = [];
  readonly #completed = { map: new Set<number>(), reduce: new Set<number>() };
  #requests = 0;
  #warmMs = 0;

  constructor(load: SocketLoad) {
    this.#load = load;
  }

  /**
   * Runs the job of a coordinator.
   *
   * @throws when it refuses a report, assigns a completed task, or omits a task
   */
  async run(): Promise<SocketResult> {
    const { socketPath, workers, maps, reduces } = this.#load;
    const opened = await Promise.all(
      Array.from({ length: workers }, () => RpcConnection.open(socketPath)),
    );
    const members = await Promise.all(opened.map(register));
    const startedMs = performance.now();
    this.#warmMs = startedMs + this.#load.warmUpMs;
    await Promise.all(members.map((member, at) => this.#work(member, at / workers)));
    const seconds = (performance.now() - startedMs) / 1000;
    for (const { connection } of members) connection.close();
    const { map, reduce } = this.#completed;
    if (map.size !== maps || reduce.size !== reduces) {
      throw new Error(`Completed ${map.size} map and ${reduce.size} reduce tasks`);
    }
    const sorted = this.#latenciesMs.sort((a, b) => a - b);
    const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN;
    const [medianMs, p99Ms, highestMs] = [at(0.5), at(0.99), at(1)];
    return { requests: this.#requests, seconds, medianMs, p99Ms, highestMs };
  }

  /** @param share of a task's time by which this worker is delayed, so that requests are spread */
  async #work({ connection, worker, job }: Member, share: number): Promise<void> {
    const taskMs = this.#taskMs;
    let dueMs = performance.now() + share * taskMs;
    for (;;) {
      await until(dueMs);
      const sentMs = performance.now();
      const wasMapPhase = this.#isMapPhase;
      const task = await connection.call<Task>("task.request", { worker, job });
      // Such a request waits for a task, not for the coordinator.
      const hasWaited = task.kind === "exit" || (wasMapPhase && task.kind === "reduce");
      this.#count(sentMs, hasWaited);
      if (task.kind === "exit") return;
      const id = { worker, job, phase: task.kind, task: task.task, attempt: task.attempt };
      if (hasWaited) dueMs = performance.now();
      await until(dueMs + taskMs / CALLS_PER_TASK);
      await this.#report(connection, "task.commit", id);
      await until(dueMs + (2 * taskMs) / CALLS_PER_TASK);
      await this.#report(connection, "task.complete", { ...id, outputs: this.#outputsOf(task) });
      this.#complete(task);
      dueMs += taskMs;
    }
  }

  async #report(connection: RpcConnection, method: string, params: object): Promise<void> {
    const sentMs = performance.now();
    const { accepted } = await connection.call<{ accepted: boolean }>(method, params);
    this.#count(sentMs, false);
    if (!accepted) throw new Error(`${method} was refused: ${JSON.stringify(params)}`);
  }

  #complete({ kind, task, sources }: Task): void {
    if (kind === "exit") return;
    if (this.#completed[kind].has(task))
      throw new Error(`${kind} task ${task} was given out twice`);
    this.#completed[kind].add(task);
    if (kind === "reduce" && sources?.length !== this.#load.maps) {
      throw new Error(`Reduce task ${task} has ${sources?.length} sources`);
    }
  }

  #outputsOf({ kind, task }: Task): object[] {
    const names =
      kind === "map"
        ? Array.from({ length: this.#load.reduces }, (_, reduce) => `mr-${task}-${reduce}`)
        : [`mr-out-${task}`];
    return names.map((name) => ({ name, bytes: LENGTH, crc32: CHECKSUM }));
  }

  #count(sentMs: number, hasWaited: boolean): void {
    this.#requests += 1;
    if (hasWaited || sentMs < this.#warmMs) return;
    this.#latenciesMs.push(performance.now() - sentMs);
  }

  get #isMapPhase(): boolean {
    return this.#completed.map.size < this.#load.maps;
  }

  /** How long a worker takes for a task, with its calls; 0 for the highest rate. */
  get #taskMs(): number {
    const { requestsPerSecond, workers } = this.#load;
    return requestsPerSecond === undefined
      ? 0
      : (1000 * CALLS_PER_TASK * workers) / requestsPerSecond;
  }
}

interface Member {
  readonly connection: RpcConnection;
  readonly worker: number;
  readonly job: string;
}

async function register(connection: RpcConnection): Promise<Member> {
  const { worker, job } = await connection.call<{ worker: number; job: string }>(
    "worker.register",
    {
      protocol: PROTOCOL_VERSION,
      pid: process.pid,
      app: "load.ts",
      digest: "0".repeat(64),
      splitting: "bytes",
    },
  );
  return { connection, worker, job };
}

async function until(ms: number): Promise<void> {
  const leftMs = ms - performance.now();
  if (leftMs >= 1) await sleep(leftMs);
}
