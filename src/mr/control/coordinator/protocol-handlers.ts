import { JSONRPCErrorException } from "json-rpc-2.0";
import { filesOf } from "../../job/split.ts";
import type { Attempt, JobEnd } from "../../job/task.ts";
import { checkOutputs, damagedMapsOf } from "../protocol/params.ts";
import {
  type Completion,
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
  /** @param reply receives the verdict, if the event is a report */
  step(event: SchedulerEvent, reply?: (verdict: Verdict) => void): Decision;
  publish(decision: Partial<Decision>): void;
  /** @returns how the job has ended, which the worker is told now; undefined while the job goes on */
  tellEnd(worker: number): JobEnd["state"] | undefined;
  /** Finds out whether another coordinator leads the job, or its directory was replaced. */
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
      this.#callOf(params, () => this.#request(params.worker, caller).answer),
    "task.progress": async ({ records, bytes, cpuMs, alive: isAlive = false, ...params }) => {
      const progress = { records, bytes, cpuMs };
      const verdict = await this.#report({ type: "progress", progress, isAlive, ...params });
      const outcome = this.#steps.tellEnd(params.worker);
      return outcome === undefined ? verdict : { ...verdict, outcome };
    },
    "task.commit": (params) => {
      const commit = () => this.#report({ type: "commit", ...params });
      const isInPlace = this.#job.options.isInPlace?.() ?? true;
      // The check ends a job whose directory was replaced, and with it the attempt.
      return isInPlace ? commit() : this.#steps.checkLog().then(commit);
    },
    "task.complete": ({ next, ...params }, caller) => {
      const { outputs, counters, progress, skipped, replaced, spills, records, ...attempt } =
        params;
      const result = { outputs, counters, progress, skipped, replaced, spills, records };
      const report = { type: "complete", result, ...attempt } as const;
      if (next !== true) return this.#report(report);
      return this.#callOf(params, () => this.#completeAndRequest(report, caller));
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
    const { pid, checksInputs = false } = params;
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
    const answer = () =>
      this.#answer(() => {
        const inputs = checksInputs ? { inputs: filesOf(planner.splits) } : {};
        return { worker, ...workers.identity, ...facts, ...inputs };
      });
    if (started) return answer();
    return planner.planFor(workers.app, params.splitting)?.then(answer) ?? answer();
  }

  #request(worker: number, caller: Caller) {
    const request = this.#job.requests.wait(worker, caller, () =>
      this.#steps.step({ type: "withdraw", worker }),
    );
    const { messages } = this.#steps.step({ type: "request", worker });
    const isAnswered = messages.some(
      (message) => message.to === "worker" && message.worker === worker,
    );
    return { ...request, isAnswered };
  }

  /** Saves the request for the next task, if there is one. */
  async #completeAndRequest(report: Report, caller: Caller): Promise<Completion> {
    const verdict = this.#take(report);
    const { isAnswered, answer, withdraw } = this.#request(report.worker, caller);
    if (!isAnswered) withdraw();
    return { ...(await verdict), ...(isAnswered ? { next: await answer } : {}) };
  }

  #report(report: Report): Promise<Verdict> {
    return this.#callOf(report, () => this.#take(report));
  }

  #take(report: Report): Promise<Verdict> {
    if (report.type === "complete") {
      checkOutputs(report, report.result.outputs, this.#job.options.reduces);
    }
    if (report.type === "complete" || report.type === "fail") {
      this.#job.requests.reported(report.worker);
    }
    return new Promise((resolve) => this.#steps.step(report, resolve));
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
