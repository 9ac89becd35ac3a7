import { JSONRPCErrorException } from "json-rpc-2.0";
import { differenceOf, type Settings } from "../../job/settings.ts";
import type { PlanRecord } from "../log/job-log.ts";
import { type Params, PROTOCOL_VERSION, RPC_ERRORS } from "../protocol/protocol.ts";

/** A worker that has registered and whose connection is open. */
interface RegisteredWorker {
  readonly worker: number;
  readonly pid: number;
}

/** Identifies an app and its settings. */
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
  #registrations = 0;
  #app: AppIdentity | undefined;

  /** @param plan the app of a job that is resumed */
  constructor(plan?: PlanRecord) {
    if (plan === undefined) return;
    const { app: name, digest, settings = {} } = plan;
    this.#app = { name, digest, settings };
  }

  /** The job's app, once a worker has brought one. */
  get app(): AppIdentity | undefined {
    return this.#app;
  }

  get size(): number {
    return this.#workers.size;
  }

  [Symbol.iterator](): IterableIterator<RegisteredWorker> {
    return this.#workers.values();
  }

  /**
   * @param started whether any task has been completed, so that the app can no longer change
   * @param reduces how many reduce tasks there are
   * @throws JSONRPCErrorException (`refused`) when protocol, app or settings differ, or the app needs more
   *   reduce tasks, saying how
   */
  register(params: Params<"worker.register">, started: boolean, reduces: number): RegisteredWorker {
    const { protocol, pid, app, digest, settings = {}, minReduces = 1 } = params;
    if (protocol !== PROTOCOL_VERSION) {
      throw refusal(`the coordinator speaks protocol ${PROTOCOL_VERSION}, the worker ${protocol}`);
    }
    const current = this.#app;
    const isFixed = started || this.size > 0;
    if (current !== undefined && current.digest !== digest && isFixed) {
      const [theirs, ours] = [digest.slice(0, 12), current.digest.slice(0, 12)];
      throw refusal(
        `the job runs app "${current.name}" (${ours}…), the worker has "${app}" (${theirs}…)`,
      );
    }
    if (minReduces > reduces) {
      throw refusal(
        `rangePartition of app "${app}" needs ${minReduces} reduce tasks or more, the job has ${reduces}`,
      );
    }
    const other = isFixed ? differenceOf(current?.settings ?? settings, settings) : undefined;
    if (other !== undefined) {
      throw refusal(`the job runs ${app} with ${other.ours}, the worker has ${other.theirs}`);
    }
    this.#app = { name: app, digest, settings };
    this.#registrations += 1;
    const worker = { worker: this.#registrations, pid };
    this.#workers.set(worker.worker, worker);
    return worker;
  }

  /**
   * @param caller the worker number of a call, and the job and term for which it was given out, if it says so
   * @throws JSONRPCErrorException (`unknownWorker`) for a number that was never given out in this job and term
   */
  check({ worker, ...given }: Params<"task.request">, job: string, term: number): void {
    const isOurs = (given.job ?? job) === job && (given.term ?? term) === term;
    if (isOurs && worker >= 1 && worker <= this.#registrations) return;
    throw new JSONRPCErrorException(`no worker ${worker} is registered`, RPC_ERRORS.unknownWorker);
  }

  /** @returns its process; undefined if there is no such worker */
  remove(worker: number): number | undefined {
    const pid = this.#workers.get(worker)?.pid;
    this.#workers.delete(worker);
    return pid;
  }
}

function refusal(reason: string): JSONRPCErrorException {
  return new JSONRPCErrorException(reason, RPC_ERRORS.refused);
}
