import { randomBytes } from "node:crypto";
import { JSONRPCErrorException } from "json-rpc-2.0";
import { differenceOf, type Settings } from "../../job/job-spec.ts";
import type { Refusal } from "../../job/task.ts";
import type { LogState } from "../log/job-log.ts";
import {
  type Params,
  PROTOCOL_VERSION,
  type Registration,
  RPC_ERRORS,
} from "../protocol/protocol.ts";

/** A worker that has registered and whose connection is open. */
interface RegisteredWorker {
  readonly worker: number;
  readonly pid: number;
}

interface AppIdentity {
  readonly name: string;
  readonly digest: string;
  readonly settings: Settings;
}

/**
 * The workers of a job. All of them must run the same app, or the output would be a mixture of two: the first
 * worker to register decides which.
 */
export class WorkerRegistry {
  readonly #workers = new Map<number, RegisteredWorker>();
  /** Of this coordinator. The job is random for each, so that calls for another one are recognised. */
  readonly identity: Pick<Registration, "job" | "term">;
  #registrations = 0;
  /** The job's app; undefined until a worker has brought one. */
  app: AppIdentity | undefined;

  constructor(resumed?: LogState) {
    const term = resumed === undefined ? 1 : resumed.term + 1;
    this.identity = { job: randomBytes(4).toString("hex"), term };
    if (resumed?.plan === undefined) return;
    const { app: name, digest, settings = {} } = resumed.plan;
    this.app = { name, digest, settings };
  }

  get size(): number {
    return this.#workers.size;
  }

  [Symbol.iterator](): IterableIterator<RegisteredWorker> {
    return this.#workers.values();
  }

  /**
   * @param started whether any attempt has been handed out, so that the app can no longer change
   * @param reduces how many reduce tasks there are
   */
  register(
    params: Params<"worker.register">,
    started: boolean,
    reduces: number,
  ): RegisteredWorker | { readonly refusal: Refusal } {
    const { pid, app: name, digest, settings = {} } = params;
    const refusal = this.#refusalOf(params, started, reduces);
    if (refusal !== undefined) return { refusal };
    this.app = { name, digest, settings };
    this.#registrations += 1;
    const worker = { worker: this.#registrations, pid };
    this.#workers.set(worker.worker, worker);
    return worker;
  }

  #refusalOf(
    { protocol, app, digest, settings = {}, minReduces = 1 }: Params<"worker.register">,
    started: boolean,
    reduces: number,
  ): Refusal | undefined {
    if (protocol !== PROTOCOL_VERSION) {
      return { type: "protocol", job: PROTOCOL_VERSION, worker: protocol };
    }
    const isFixed = started || this.size > 0;
    const current = isFixed ? this.app : undefined;
    if (current !== undefined && current.digest !== digest) {
      const job = { job: current.name, jobDigest: current.digest };
      return { type: "app", ...job, worker: app, workerDigest: digest };
    }
    if (minReduces > reduces) return { type: "reduces", app, job: reduces, worker: minReduces };
    const ours = current?.settings ?? settings;
    const name = differenceOf(ours, settings);
    if (name === undefined) return undefined;
    return { type: "setting", app, name, job: ours[name] ?? null, worker: settings[name] ?? null };
  }

  /**
   * @param caller the number of the worker that calls, and the job and term that gave it out, if the call has them
   * @throws JSONRPCErrorException (`unknownWorker`) for a number that was never given out in this job and term
   */
  check({ worker, ...given }: Params<"task.request">): void {
    const { job, term } = this.identity;
    const isOurs = (given.job ?? job) === job && (given.term ?? term) === term;
    if (isOurs && worker >= 1 && worker <= this.#registrations) return;
    throw new JSONRPCErrorException(`no worker ${worker} is registered`, RPC_ERRORS.unknownWorker);
  }

  /** @returns its process number; undefined if there is no such worker */
  remove(worker: number): number | undefined {
    const pid = this.#workers.get(worker)?.pid;
    this.#workers.delete(worker);
    return pid;
  }
}
