import { randomBytes } from "node:crypto";
import { describeCause } from "../errors.ts";
import type { JobEvent } from "../events/job-event.ts";
import type { JobPlan } from "../job/plan-job.ts";
import type { Journal, JournalRecord, JournalState } from "../journal/journal.ts";
import type {
  Assignment,
  Dismissal,
  JobStatus,
  Params,
  Registration,
  Split,
  Verdict,
} from "../rpc/protocol.ts";
import type { Caller, Handlers } from "../rpc/server.ts";
import { Scheduler } from "../scheduler/scheduler.ts";
import type {
  AttemptId,
  Effect,
  JobShape,
  Outcome,
  SchedulerEvent,
  SkippedRecord,
} from "../scheduler/types.ts";
import { Assignments, present } from "./assignments.ts";
import { checkOutputs, damagedMapsOf } from "./check-report.ts";
import { describeEffect } from "./describe-effect.ts";
import { describeSplit } from "./describe-split.ts";
import { JobEvents } from "./job-events.ts";
import { Outbox } from "./outbox.ts";
import { recordsOf } from "./records-of.ts";
import { SkippedRecords, skippedIn } from "./skipped-records.ts";
import { sumCounters } from "./sum-counters.ts";
import { WaitingRequests } from "./waiting-requests.ts";
import { WorkerRegistry } from "./worker-registry.ts";

/** Where the app's inputs may be cut. */
export type Splitting = Params<"worker.register">["splitting"];

export interface JobOptions extends Omit<JobShape, "maps" | "inputOf"> {
  /**
   * Cuts the inputs into map tasks, at least one. Called once for whole files and, where the first
   * worker's app can start in the middle of a file, again; not at all when a job is resumed that had
   * begun.
   */
  readonly plan: JobPlan;
  /** Absolute path of the job directory. */
  readonly directory: string;
  /** Absolute path that relative inputs start from. */
  readonly inputDirectory: string;
  /** Leave out and count records that are malformed, or that the app throws on. */
  readonly skipBadRecords: boolean;
  /** Where decisions are kept. Without one, the job cannot be resumed. */
  readonly journal?: Journal | undefined;
  /** What the journal says of the job, when this is not the first coordinator to run it. */
  readonly resumed?: JournalState | undefined;
  /** Receives one line for everything a person would want to know. */
  readonly log: (line: string) => void;
  /** Receives everything that happens, in order, the moment it has. Must not throw. */
  readonly onEvent?: ((event: JobEvent) => void) | undefined;
}

/** What the owner of a job's socket and timer does for it. */
export interface JobSurroundings {
  /** A monotonic clock. */
  readonly nowMs: () => number;
  /** Something has happened, and {@link JobControl.nextDeadlineMs} may have changed. */
  readonly onStep: () => void;
  /** Makes the scheduler. Default: the one there is. */
  readonly createScheduler?: (shape: JobShape) => Scheduler;
  /** The job has ended. Workers that wait have been told. */
  readonly onEnd: (outcome: Outcome) => void;
}

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
  readonly #events: JobEvents;
  readonly #skipped: SkippedRecords;
  #splits: readonly Split[];
  #splitting: Splitting = "wholeFile";
  /** For which app and splitting the map tasks were last cut, and when that is done. */
  #lastPlan: { readonly of: string; readonly done: Promise<void> | undefined } | undefined;
  #journal: Journal | undefined;
  #isPlanKept: boolean;
  readonly #outbox = new Outbox();
  #toldPlan = "";
  readonly #waiting = new WaitingRequests();
  readonly #assignments: Assignments;

  constructor(options: JobOptions, surroundings: JobSurroundings) {
    const { plan, journal, resumed } = options;
    this.#options = options;
    this.#surroundings = surroundings;
    this.#journal = journal;
    this.#startedMs = surroundings.nowMs();
    this.#isPlanKept = resumed?.plan !== undefined;
    this.#splits = resumed?.plan?.splits ?? plan("wholeFile");
    this.#workers = new WorkerRegistry(resumed?.plan);
    const { createScheduler = (shape) => new Scheduler(shape) } = surroundings;
    const { reduces, leaseMs, taskTimeoutMs, maxFailures, maxLosses, maxBackups } = options;
    const maps = this.#splits.length;
    const limits = { leaseMs, taskTimeoutMs, maxFailures, maxLosses, maxBackups };
    const inputOf = (map: number) => describeSplit(this.#splits, map);
    this.#scheduler = createScheduler({ maps, reduces, inputOf, ...limits });
    const elapsedMs = () => surroundings.nowMs() - this.#startedMs;
    this.#assignments = new Assignments((map) => this.#scheduler.resultOf("map", map));
    this.#skipped = new SkippedRecords(options.log);
    this.#events = new JobEvents(options.onEvent, elapsedMs, this.#scheduler);
  }

  /** Begins, or goes on where the last coordinator was. The job may end at once. */
  start(): void {
    const { resumed } = this.#options;
    this.#events.started(this.#options);
    this.#tellPlan();
    this.#events.restored(resumed?.completed ?? []);
    if (resumed === undefined) return;
    this.#keep([{ type: "resumed" }]);
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
    if (this.#workers.remove(worker)) this.#events.tell({ type: "workerLeft", worker });
    this.#assignments.forget(worker);
    this.#waiting.forget(worker);
  }

  /** When {@link tick} is due. */
  get nextDeadlineMs(): number | undefined {
    return this.#scheduler.nextDeadlineMs;
  }

  /** Number of workers that are connected. */
  get workers(): number {
    return this.#workers.size;
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
      "task.fail": ({ message, stack, damaged, ...params }) => {
        const damagedMaps = damagedMapsOf(params, damaged);
        return this.#report({ type: "fail", failure: { message, stack }, damagedMaps, ...params });
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
    const { directory, inputDirectory, reduces, leaseMs, skipBadRecords, log } = this.#options;
    try {
      const { worker } = this.#workers.register(params, started);
      caller.identify(worker);
      this.#events.tell({ type: "workerJoined", worker, pid: params.pid });
      const job = this.#job;
      const registration = { worker, job, directory, inputDirectory, reduces, leaseMs };
      // A worker that has not got its number cannot ask for a task yet.
      const planned = started ? undefined : this.#plan(params.splitting);
      const answer = { ...registration, skipBadRecords };
      return planned === undefined ? answer : planned.then(() => answer);
    } catch (error) {
      log(`Refused a worker (pid ${params.pid}): ${describeCause(error)}`);
      throw error;
    }
  }

  /**
   * What a worker's app can do with an input decides how the inputs are cut.
   *
   * @returns a promise if they have to be read for that; it never rejects
   */
  #plan(splitting: Splitting): Promise<void> | undefined {
    // All workers of an app bring the same plan, and to make it anew for each takes time where it is long.
    const of = JSON.stringify([this.#workers.app, splitting]);
    if (this.#lastPlan?.of !== of) this.#lastPlan = { of, done: this.#cut(splitting) };
    return this.#lastPlan.done;
  }

  #cut(splitting: Splitting): Promise<void> | undefined {
    this.#splitting = splitting;
    // An input has vanished. No other worker would fare better.
    const giveUp = (error: unknown) => this.cancel(describeCause(error));
    try {
      const splits = this.#options.plan(splitting);
      if ("then" in splits) return splits.then((all) => this.#planned(all, splitting), giveUp);
      this.#planned(splits, splitting);
    } catch (error) {
      giveUp(error);
    }
    return undefined;
  }

  #planned(splits: readonly Split[], splitting: Splitting): void {
    // Meanwhile this worker may have gone, and one with another app have come.
    const isCurrent = JSON.stringify(splitting) === JSON.stringify(this.#splitting);
    if (!isCurrent || this.#scheduler.started) return;
    this.#splits = splits;
    this.#step({ type: "plan", maps: splits.length });
    this.#tellPlan();
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
    const verdict = this.#step(report).find((effect) => effect.type === "verdict");
    const accepted = verdict?.accepted ?? false;
    if (accepted && report.type === "progress") this.#events.progressed(report, report.progress);
    return this.#outbox.deliver({ accepted });
  }

  #step(event: SchedulerEvent): Effect[] {
    const effects = this.#scheduler.step(event, this.#surroundings.nowMs());
    this.#keepDecisions(event, effects);
    for (const effect of effects) this.#carryOut(effect, event);
    this.#surroundings.onStep();
    return effects;
  }

  #keepDecisions(event: SchedulerEvent, effects: readonly Effect[]): void {
    const records = recordsOf(effects, ({ phase, task }) => {
      return present(this.#scheduler.resultOf(phase, task));
    });
    const isFirst = event.type !== "resume" && effects.some(({ type }) => type === "assign");
    if (isFirst && !this.#isPlanKept) {
      this.#isPlanKept = true;
      const { name, digest, settings } = present(this.#workers.app);
      records.unshift({ type: "plan", app: name, digest, settings, splits: this.#splits });
    }
    if (records.length > 0) this.#keep(records);
  }

  #keep(records: readonly JournalRecord[]): void {
    try {
      const keeping = this.#journal?.append(records);
      if (keeping === undefined) return;
      this.#outbox.waitFor(keeping.catch((error: unknown) => this.#journalFailed(error)));
    } catch (error) {
      this.#journalFailed(error);
    }
  }

  /** A job whose decisions can no longer be kept ends, before the next one is made. */
  #journalFailed(error: unknown): void {
    if (this.#journal === undefined) return;
    this.#journal = undefined;
    const reason = describeCause(error);
    this.#options.log(reason);
    queueMicrotask(() => this.cancel(reason));
  }

  /** What an effect means is found out now; others are told of it when it has been kept. */
  #carryOut(effect: Effect, event: SchedulerEvent): void {
    const winner = event.type === "commit" ? event : undefined;
    const line = describeEffect(effect, (worker) => this.#workers.describe(worker), winner);
    if (line !== undefined) this.#options.log(line);
    if (effect.type === "completed") {
      this.#skipped.completed(effect, present(this.#scheduler.resultOf(effect.phase, effect.task)));
    }
    const isRepeated = effect.type === "assign" && this.#assignments.isRepeated(effect);
    if (!isRepeated) this.#events.tellOf(effect);
    if (effect.type === "assign") {
      const assignment = this.#assignments.describe(effect, this.#splits);
      this.#outbox.send(() => this.#waiting.answer(effect.worker, assignment));
    } else if (effect.type === "dismiss") {
      const outcome = this.#scheduler.outcome?.state ?? "cancelled";
      this.#outbox.send(() => this.#waiting.answer(effect.worker, { kind: "exit", outcome }));
    } else if (effect.type === "ended") {
      if (effect.outcome.state === "completed") this.#skipped.ended(this.status.counters);
      this.#outbox.send(() => this.#surroundings.onEnd(effect.outcome));
    }
  }

  #tellPlan(): void {
    const app = this.#workers.app?.name ?? null;
    const { reduces } = this.#options;
    // Every worker that registers early plans the job, most of them to the same end.
    const plan = JSON.stringify([app, this.#splits]);
    if (plan === this.#toldPlan) return;
    this.#toldPlan = plan;
    this.#events.tell({ type: "jobPlanned", app, splits: this.#splits, reduces });
  }

  /** The first records that completed tasks have left out, maps first. */
  get skipped(): SkippedRecord[] {
    return skippedIn(this.#scheduler.results);
  }

  /** What a person would want to know of the job now. */
  get status(): JobStatus {
    const { counts, phase, outcome, running, results } = this.#scheduler;
    const taskOf = new Map(running.map(({ worker, ...task }) => [worker, task]));
    return {
      job: this.#job,
      directory: this.#options.directory,
      state: outcome?.state ?? "running",
      phase,
      app: this.#workers.app?.name ?? null,
      settings: this.#workers.app?.settings ?? {},
      // Only what winning attempts have counted: a task that ran twice counts once.
      counters: sumCounters(results),
      elapsedMs: Math.round(this.#surroundings.nowMs() - this.#startedMs),
      maps: counts.map,
      reduces: counts.reduce,
      workers: Array.from(this.#workers, ({ worker, pid }) => {
        return { worker, pid, task: taskOf.get(worker) ?? null };
      }),
    };
  }
}
