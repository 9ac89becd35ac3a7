import { JSONRPCErrorException } from "json-rpc-2.0";
import { type Params, PROTOCOL_VERSION, RPC_ERRORS } from "../rpc/protocol.ts";

/** A worker that has registered and whose connection is open. */
export interface RegisteredWorker {
  readonly worker: number;
  readonly pid: number;
}

interface Caller {
  readonly worker: number;
  readonly job?: string | undefined;
}

/** What tells an app from every other. */
interface AppIdentity {
  readonly name: string;
  readonly digest: string;
}

/**
 * Who takes part in the job. All workers must run the same app, or the output would be a mixture of
 * two: the first one to register decides which.
 */
export class WorkerRegistry {
  readonly #workers = new Map<number, RegisteredWorker>();
  #registrations = 0;
  #app: AppIdentity | undefined;

  /** @param plan what the job runs, when it has been running before */
  constructor(plan?: { readonly app: string; readonly digest: string }) {
    this.#app = plan === undefined ? undefined : { name: plan.app, digest: plan.digest };
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
   * @throws JSONRPCErrorException (`refused`) when protocol or app differ, or the app needs more reduce
   *   tasks, saying how
   */
  register(params: Params<"worker.register">, started: boolean, reduces: number): RegisteredWorker {
    const { protocol, pid, app, digest, leastReduces = 1 } = params;
    if (protocol !== PROTOCOL_VERSION) {
      throw refusal(`the coordinator speaks protocol ${PROTOCOL_VERSION}, the worker ${protocol}`);
    }
    const current = this.#app;
    if (current !== undefined && current.digest !== digest && (started || this.size > 0)) {
      const [theirs, ours] = [digest.slice(0, 12), current.digest.slice(0, 12)];
      throw refusal(
        `the job runs app "${current.name}" (${ours}…), the worker has "${app}" (${theirs}…)`,
      );
    }
    if (leastReduces > reduces) {
      throw refusal(
        `rangePartition of app "${app}" needs ${leastReduces} reduce tasks or more, the job has ${reduces}`,
      );
    }
    this.#app = { name: app, digest };
    this.#registrations += 1;
    const worker = { worker: this.#registrations, pid };
    this.#workers.set(worker.worker, worker);
    return worker;
  }

  /**
   * @param caller the worker number of a call and, if it says so, the job for which it was given out
   * @param job the job that is running
   * @throws JSONRPCErrorException (`unknownWorker`) for a number that was never given out for this job
   */
  check({ worker, job: given }: Caller, job: string): void {
    const isOurs = given === undefined || given === job;
    if (isOurs && worker >= 1 && worker <= this.#registrations) return;
    throw new JSONRPCErrorException(`no worker ${worker} is registered`, RPC_ERRORS.unknownWorker);
  }

  /** @returns false if the worker was not there */
  remove(worker: number): boolean {
    return this.#workers.delete(worker);
  }

  /** `worker 3 (pid 4711)`, or the number alone once the worker is gone. */
  describe(worker: number): string {
    const pid = this.#workers.get(worker)?.pid;
    return pid === undefined ? `worker ${worker}` : `worker ${worker} (pid ${pid})`;
  }
}

function refusal(reason: string): JSONRPCErrorException {
  return new JSONRPCErrorException(reason, RPC_ERRORS.refused);
}
