import { randomBytes } from "node:crypto";
import { describeCause } from "../../base/errors.ts";
import { beatMs } from "../../job/limits.ts";
import { attemptTag } from "../../job/names.ts";
import { taskInput } from "../../job/split.ts";
import type { AttemptId, SkippedRecord } from "../../job/task.ts";
import type {
  Assignment,
  Dismissal,
  JobStatus,
  Params,
  Registration,
  Verdict,
} from "../protocol/protocol.ts";
import type { Caller, Handlers } from "../protocol/server.ts";
import { Scheduler } from "../scheduler/scheduler.ts";
import type { Effect, SchedulerEvent } from "../scheduler/types.ts";
import { Assignments, present } from "./assignments.ts";
import { checkOutputs, damagedMapsOf } from "./check-report.ts";
import { DecisionLog } from "./decision-log.ts";
import { JobEvents } from "./job-events.ts";
import type { JobOptions, JobSurroundings } from "./job-options.ts";
import { JobPlanner } from "./job-planner.ts";
import { jobStatus, skippedIn } from "./job-status.ts";
import { ListeningClock } from "./listening-clock.ts";
import { Outbox } from "./outbox.ts";
import { WaitingRequests } from "./waiting-requests.ts";
import { WorkerRegistry } from "./worker-registry.ts";

/** What a worker says of its attempt. */
type Report = SchedulerEvent &
  AttemptId & { readonly worker: number; readonly job?: string | undefined };

/**
 * What the coordinator knows and decides: passes what arrives to the scheduler, writes what it decides
 * to the journal, and answers. It has no socket and no timer, so that all of it runs in a simulation.
 */
export class JobControl {
  readonly #options: JobOptions;
  readonly #surroundings: JobSurroundings;
  /** Another one for every coordinator: what a worker of an earlier one says is not meant for this. */
  readonly #job = randomBytes(4).toString("hex");
  readonly #scheduler: Scheduler;
  readonly #workers: WorkerRegistry;
  readonly #startedMs: number;
  /** The time of leases. */
  readonly #clock: ListeningClock;
  readonly #events: JobEvents;
  readonly #planner: JobPlanner;
  readonly #outbox = new Outbox();
  readonly #decisions: DecisionLog;
  #toldPlan = "";
  readonly #waiting = new WaitingRequests();
  readonly #assignments: Assignments;
  /** The workers that have been told of the end. */
  readonly #dismissed = new Set<number>();

  constructor(options: JobOptions, surroundings: JobSurroundings) {
    const { resumed } = options;
    this.#options = options;
    this.#surroundings = surroundings;
    this.#startedMs = surroundings.nowMs();
    this.#clock = new ListeningClock(surroundings.nowMs, beatMs(options.leaseMs));
    this.#planner = this.#createPlanner(options);
    this.#decisions = this.#createDecisionLog(options);
    this.#workers = new WorkerRegistry(resumed?.plan);
    const { createScheduler = (shape) => new Scheduler(shape) } = surroundings;
    const { reduces, leaseMs, taskTimeoutMs, maxFailures, maxLosses, maxBackups } = options;
    const maps = this.#planner.splits.length;
    const limits = { leaseMs, taskTimeoutMs, maxFailures, maxLosses, maxBackups };
    const inputOf = (map: number) => taskInput(this.#planner.splits, map);
    this.#scheduler = createScheduler({ maps, reduces, inputOf, ...limits });
    const elapsedMs = () => surroundings.nowMs() - this.#startedMs;
    this.#assignments = new Assignments((map) => this.#scheduler.resultOf("map", map));
    this.#events = new JobEvents(options.onEvent, elapsedMs, this.#scheduler);
  }

  #createPlanner({ plan, resumed }: JobOptions): JobPlanner {
    return new JobPlanner(plan, resumed?.plan?.splits, {
      isOpen: () => !this.#scheduler.started,
      onPlanned: (splits) => {
        this.#step({ type: "plan", maps: splits.length });
        this.#tellPlan();
      },
      onImpossible: (reason) => this.cancel(reason),
    });
  }

  #createDecisionLog({ journal, resumed }: JobOptions): DecisionLog {
    return new DecisionLog(journal, resumed?.plan !== undefined, this.#outbox, {
      resultOf: ({ phase, task }) => present(this.#scheduler.resultOf(phase, task)),
      plan: () => {
        const { name, digest, settings } = present(this.#workers.app);
        return { type: "plan", app: name, digest, settings, splits: this.#planner.splits };
      },
      onFailure: (reason) => {
        this.#events.tell({ type: "journalFailed", message: reason });
        queueMicrotask(() => this.cancel(reason));
      },
    });
  }

  /** Begins, or goes on where the last coordinator was. The job may end at once. */
  start(): void {
    const { resumed } = this.#options;
    this.#events.started(this.#options);
    this.#tellPlan();
    this.#events.restored(resumed?.completed ?? []);
    if (resumed === undefined) return;
    this.#decisions.keep([{ type: "resumed" }]);
    if (resumed.plan === undefined) return;
    // What comes of it is in the journal already, all but the end.
    this.#step({ type: "resume", completed: resumed.completed });
  }

  /** Ends the job without a result. Harmless when it has ended. */
  cancel(reason: string): void {
    this.#step({ type: "cancel", reason });
  }

  /** Time has passed. */
  tick(): void {
    this.#step({ type: "tick" });
  }

  /** A worker is gone. */
  leave(worker: number): void {
    this.#step({ type: "leave", worker });
    const pid = this.#workers.remove(worker);
    if (pid !== undefined) this.#events.tell({ type: "workerLeft", worker });
    this.#waiting.forget(worker);
    const left = this.#assignments.forget(worker);
    if (left === undefined || pid === undefined) return;
    // It is lost, and is granted no commit any more, whatever its worker may still be doing.
    this.#surroundings.onAbandoned?.(left, attemptTag(this.#job, left.attempt, pid));
  }

  /**
   * In how many milliseconds {@link tick} is due; undefined for never. While there are leases that is often,
   * because one that ends is found out only by who listens.
   */
  get tickInMs(): number | undefined {
    const dueMs = this.#scheduler.nextDeadlineMs;
    if (dueMs === undefined) return undefined;
    return Math.min(Math.max(0, dueMs - this.#clock.look()), beatMs(this.#options.leaseMs) / 2);
  }

  /** Number of workers that are connected. */
  get workers(): number {
    return this.#workers.size;
  }

  /** Whether a worker is about to ask for a task, and does not know yet that the job has ended. */
  get hasWorkersToTell(): boolean {
    for (const { worker } of this.#workers) {
      if (!this.#dismissed.has(worker) && !this.#assignments.isBusy(worker)) return true;
    }
    return false;
  }

  get handlers(): Handlers {
    return {
      "worker.register": (params, caller) => this.#register(params, caller),
      "task.request": (params, caller) => this.#request(params, caller),
      "task.progress": ({ records, bytes, cpuMs, ...params }) =>
        this.#report({ type: "progress", progress: { records, bytes, cpuMs }, ...params }),
      "task.commit": (params) => this.#report({ type: "commit", ...params }),
      "task.complete": ({ outputs, counters, progress, skipped, spills, ...params }) => {
        checkOutputs(params, outputs, this.#options.reduces);
        const result = { outputs, counters, progress, skipped, spills };
        return this.#report({ type: "complete", result, ...params });
      },
      "task.fail": ({ code, message, stack, damaged, ...params }) => {
        const damagedMaps = damagedMapsOf(params, damaged);
        const failure = { code, message, stack };
        return this.#report({ type: "fail", failure, damagedMaps, ...params });
      },
      "job.status": () => this.status,
      "job.cancel": (params) => {
        const accepted = this.#scheduler.outcome === undefined;
        this.cancel(params?.reason ?? "cancelled by request");
        return { accepted };
      },
    };
  }

  #register(
    params: Params<"worker.register">,
    caller: Caller,
  ): Registration | Promise<Registration> {
    const { started } = this.#scheduler;
    const { directory, inputDirectory, reduces, leaseMs, skipBadRecords } = this.#options;
    try {
      const { worker } = this.#workers.register(params, started, reduces);
      caller.identify(worker);
      this.#events.tell({ type: "workerJoined", worker, pid: params.pid });
      const job = this.#job;
      const registration = { worker, job, directory, inputDirectory, reduces, leaseMs };
      // A worker that has not got its number cannot ask for a task yet.
      const planned = started
        ? undefined
        : this.#planner.planFor(this.#workers.app, params.splitting);
      const answer = { ...registration, skipBadRecords };
      return planned === undefined ? answer : planned.then(() => answer);
    } catch (error) {
      const reason = describeCause(error);
      this.#events.tell({ type: "workerRefused", pid: params.pid, reason });
      throw error;
    }
  }

  #request(params: Params<"task.request">, caller: Caller): Promise<Assignment | Dismissal> {
    const { worker } = params;
    this.#workers.check(params, this.#job);
    const answer = this.#waiting.add(worker, caller, () =>
      this.#step({ type: "withdraw", worker }),
    );
    this.#step({ type: "request", worker });
    return answer;
  }

  #report(report: Report): Verdict | Promise<Verdict> {
    this.#workers.check(report, this.#job);
    if (report.type === "complete" || report.type === "fail") {
      this.#assignments.reported(report.worker);
    }
    const verdict = this.#step(report).find((effect) => effect.type === "verdict");
    const accepted = verdict?.accepted ?? false;
    if (accepted && report.type === "progress") this.#events.progressed(report, report.progress);
    return this.#outbox.deliver({ accepted });
  }

  #step(event: SchedulerEvent): Effect[] {
    const effects = this.#scheduler.step(event, this.#clock.look());
    this.#decisions.keepDecisions(event, effects);
    for (const effect of effects) this.#carryOut(effect);
    this.#surroundings.onStep();
    return effects;
  }

  /** What an effect means is found out now; others are told of it when it has been kept. */
  #carryOut(effect: Effect): void {
    const isRepeated = effect.type === "assign" && this.#assignments.isRepeated(effect);
    if (!isRepeated) this.#events.tellOf(effect);
    if (effect.type === "assign") {
      const assignment = this.#assignments.describe(effect, this.#planner.splits);
      this.#outbox.send(() => this.#waiting.answer(effect.worker, assignment));
    } else if (effect.type === "dismiss") {
      this.#dismissed.add(effect.worker);
      const outcome = this.#scheduler.outcome?.state ?? "cancelled";
      this.#outbox.send(() => this.#waiting.answer(effect.worker, { kind: "exit", outcome }));
    } else if (effect.type === "ended") {
      this.#outbox.send(() => this.#surroundings.onEnd(effect.outcome));
    }
  }

  #tellPlan(): void {
    const app = this.#workers.app?.name ?? null;
    const { reduces } = this.#options;
    // Every worker that registers early plans the job, most of them to the same end.
    const plan = JSON.stringify([app, this.#planner.splits]);
    if (plan === this.#toldPlan) return;
    this.#toldPlan = plan;
    this.#events.tell({ type: "jobPlanned", app, splits: this.#planner.splits, reduces });
  }

  /** The first records that completed tasks have left out, maps first. */
  get skipped(): SkippedRecord[] {
    return skippedIn(this.#scheduler.results);
  }

  /** What a person would want to know of the job now. */
  get status(): JobStatus {
    return jobStatus({
      job: this.#job,
      directory: this.#options.directory,
      elapsedMs: this.#surroundings.nowMs() - this.#startedMs,
      scheduler: this.#scheduler,
      workers: this.#workers,
    });
  }
}
