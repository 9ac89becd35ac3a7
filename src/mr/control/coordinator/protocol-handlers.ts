import { JSONRPCErrorException } from "json-rpc-2.0";
import type { Attempt } from "../../job/task.ts";
import { checkOutputs, damagedMapsOf } from "../protocol/params.ts";
import {
  type Assignment,
  type Dismissal,
  type JobStatus,
  type Params,
  type Registration,
  RPC_ERRORS,
  type Verdict,
} from "../protocol/protocol.ts";
import type { Caller, Handlers } from "../protocol/transport.ts";
import type { SchedulerEvent } from "../scheduler/types.ts";
import type { Decision, JobParts } from "./decision.ts";

type Report = SchedulerEvent & Attempt & Params<"task.request">;

interface Steps {
  status(): JobStatus;
  step(event: SchedulerEvent, reply?: (verdict: Verdict) => void): void;
  publish(decision: Partial<Decision>): void;
  /** Finds out whether another coordinator leads the job, or its log is gone. */
  checkLog(): Promise<void>;
}

/**
 * The methods of the protocol. Every answer leaves through the publisher, errors too: a deposed coordinator
 * answers no call.
 */
export class ProtocolHandlers {
  readonly #job: JobParts;
  readonly #steps: Steps;
  readonly handlers: Handlers = {
    "worker.register": (params, caller) => this.#call(() => this.#register(params, caller)),
    "task.request": (params, caller) =>
      this.#callOf(params, () => this.#request(params.worker, caller)),
    "task.progress": ({ records, bytes, cpuMs, alive: isAlive = false, ...params }) =>
      this.#report({ type: "progress", progress: { records, bytes, cpuMs }, isAlive, ...params }),
    "task.commit": (params) => {
      const commit = () => this.#report({ type: "commit", ...params });
      const isInPlace = this.#job.options.isInPlace?.() ?? true;
      // The check ends a job whose directory is gone, and with it the attempt.
      return isInPlace ? commit() : this.#steps.checkLog().then(commit);
    },
    "task.complete": ({ outputs, counters, progress, skipped, spills, ...params }) => {
      const result = { outputs, counters, progress, skipped, spills };
      return this.#report({ type: "complete", result, ...params });
    },
    "task.fail": ({ code, message, stack, damaged, ...params }) => {
      const damagedMaps = damagedMapsOf(params, damaged);
      const failure = { code, message, stack };
      return this.#report({ type: "fail", failure, damagedMaps, ...params });
    },
    "job.status": () => {
      const status = this.#steps.status();
      return this.#answer(() => status);
    },
    "job.cancel": (params) => {
      const accepted = this.#job.scheduler.outcome === undefined;
      const reason = { type: "requested", message: params?.reason } as const;
      this.#steps.step({ type: "cancel", reason });
      return this.#answer(() => ({ accepted }));
    },
  };

  constructor(job: JobParts, steps: Steps) {
    this.#job = job;
    this.#steps = steps;
  }

  #register(params: Params<"worker.register">, caller: Caller): Promise<Registration> {
    const { scheduler, workers, planner, options } = this.#job;
    const { directory, inputDirectory, reduces, leaseMs, skipBadRecords } = options;
    const { started } = scheduler;
    const { pid } = params;
    const result = workers.register(params, started, reduces);
    if ("refusal" in result) {
      const { refusal } = result;
      this.#steps.publish({ events: [{ type: "workerRefused", pid, refusal }] });
      throw new JSONRPCErrorException("The worker is refused", RPC_ERRORS.refused, refusal);
    }
    const { worker } = result;
    caller.identify(worker);
    this.#steps.publish({ events: [{ type: "workerJoined", worker, pid }] });
    const facts = { directory, inputDirectory, reduces, leaseMs, skipBadRecords };
    // A worker that has not got its number cannot ask for a task yet.
    const answer = () => this.#answer(() => ({ worker, ...workers.identity, ...facts }));
    if (started) return answer();
    return planner.planFor(workers.app, params.splitting)?.then(answer) ?? answer();
  }

  #request(worker: number, caller: Caller): Promise<Assignment | Dismissal> {
    const answer = this.#job.requests.wait(worker, caller, () =>
      this.#steps.step({ type: "withdraw", worker }),
    );
    this.#steps.step({ type: "request", worker });
    return answer;
  }

  #report(report: Report): Promise<Verdict> {
    return this.#callOf(report, () => {
      if (report.type === "complete") {
        checkOutputs(report, report.result.outputs, this.#job.options.reduces);
      }
      if (report.type === "complete" || report.type === "fail") {
        this.#job.requests.reported(report.worker);
      }
      return new Promise((resolve) => this.#steps.step(report, resolve));
    });
  }

  /** Answers a call of a registered worker. One that has seen a higher term hints at another coordinator. */
  #callOf<T>(caller: Params<"task.request">, call: () => Promise<T>): Promise<T> {
    const { workers } = this.#job;
    const checked = () =>
      this.#call(() => {
        workers.check(caller);
        return call();
      });
    const hasLaterTerm = (caller.term ?? 0) > workers.identity.term;
    return hasLaterTerm ? this.#steps.checkLog().then(checked) : checked();
  }

  #call<T>(call: () => Promise<T>): Promise<T> {
    try {
      return call();
    } catch (error) {
      return this.#answer(() => {
        throw error;
      });
    }
  }

  /** Answers a call without a decision, after the decisions before, with what `answer` returns or throws. */
  #answer<T>(answer: () => T): Promise<T> {
    return new Promise<void>((resolve) => {
      this.#steps.publish({ messages: [{ to: "caller", answer: () => resolve() }] });
    }).then(answer);
  }
}
