import type { DecidedEvent, UntimedDecidedEvent } from "../../job/events.ts";
import type { JobSpec } from "../../job/job-spec.ts";
import { settingDigests } from "../../job/setting-digests.ts";
import type { JobPlan } from "../../job/split.ts";
import type {
  Attempt,
  CompletedTask,
  JobEnd,
  OutputFile,
  Phase,
  TaskResult,
} from "../../job/task.ts";
import type { JobLog, LogRecord, LogState } from "../log/job-log.ts";
import type { Assignment, Dismissal, Verdict } from "../protocol/protocol.ts";
import { attemptOf } from "../scheduler/lease-book.ts";
import type { Scheduler } from "../scheduler/scheduler.ts";
import type { Effect, JobShape, SchedulerEvent } from "../scheduler/types.ts";
import type { JobPlanner } from "./job-planner.ts";
import type { TaskRequests } from "./task-requests.ts";
import type { WorkerRegistry } from "./worker-registry.ts";

/** The result of a step of the coordinator. None of it has been carried out yet. */
export interface Decision {
  /** Must be safe in the log before messages and events leave the coordinator. */
  readonly records: readonly LogRecord[];
  readonly messages: readonly Message[];
  readonly events: readonly UntimedDecidedEvent[];
  /** Whether the results are to be checked, and the scheduler waits for the answer. */
  readonly checksResults?: boolean;
}

export type Message =
  /** The answer to a worker's waiting requests. */
  | { readonly to: "worker"; readonly worker: number; readonly answer: Assignment | Dismissal }
  /** The answer to one call. It depends on whether the records could be kept. */
  | { readonly to: "caller"; readonly answer: (isKept: boolean) => void }
  | { readonly to: "owner"; readonly outcome: JobEnd };

/** Receives the verdict on a report. */
type Reply = (verdict: Verdict) => void;

/** The job, as its coordinator needs it. */
export interface JobOptions
  extends Omit<JobShape, "maps" | "inputOf" | "checksResults">,
    Pick<JobSpec, "directory" | "inputDirectory" | "skipBadRecords"> {
  /**
   * Splits the inputs into map tasks, at least one. Called once for whole files and, if the first worker's app
   * can start in the middle of a file, again; not at all for a job that is resumed and had begun.
   */
  readonly plan: JobPlan;
  /**
   * Checks the results of the completed reduce tasks, in their order, before the job is complete. Must not throw or
   * reject. Without it, the job is complete with its last reduce task.
   *
   * @returns the numbers of the tasks whose results are lost, which run again
   */
  readonly checkResults?:
    | ((results: readonly OutputFile[]) => readonly number[] | Promise<readonly number[]>)
    | undefined;
  /**
   * Whether the job directory is still the one in which the job began. An attempt may publish only there: another
   * directory in its place may be that of another job.
   */
  readonly isInPlace?: (() => boolean) | undefined;
  /** Keeps the decisions. Without one, the job cannot be resumed. */
  readonly log?: JobLog | undefined;
  /** The state of the job according to its log, if this is not its first coordinator. */
  readonly resumed?: LogState | undefined;
  /** Receives everything that happens, in order, once it is safe. Must not throw. */
  readonly onEvent?: ((event: DecidedEvent) => void) | undefined;
}

/** The parts of a job that decisions use. */
export interface JobParts {
  readonly scheduler: Scheduler;
  readonly planner: JobPlanner;
  readonly workers: WorkerRegistry;
  readonly requests: TaskRequests;
  readonly options: JobOptions;
}

/** Turns the effects of a step into records, messages and events, without carrying them out. */
export class Decider {
  readonly #job: JobParts;
  #toldPlan = "";
  /** Whether the plan is in the log. */
  #isPlanKept: boolean;

  constructor(job: JobParts) {
    this.#job = job;
    this.#isPlanKept = job.options.resumed?.plan !== undefined;
  }

  /** @param reply receives the verdict, if the event is a report */
  decide(event: SchedulerEvent, nowMs: number, reply?: Reply): Decision {
    const effects = this.#job.scheduler.step(event, nowMs);
    const records: LogRecord[] = this.#planRecords(event, effects);
    const messages: Message[] = [];
    const events: UntimedDecidedEvent[] = [];
    for (const effect of effects) {
      const record = recordOf(effect, this.#job.scheduler);
      if (record !== undefined) records.push(record);
      const isRepeated = effect.type === "assign" && this.#job.requests.isRepeated(effect);
      const told = isRepeated ? undefined : eventOf(effect, this.#job.scheduler);
      if (told !== undefined) events.push(told);
      const message = this.#messageOf(effect, reply);
      if (message !== undefined) messages.push(message);
      if (event.type === "progress" && effect.type === "verdict" && effect.accepted) {
        const { progress } = event;
        events.push({
          type: "attemptProgressed",
          ...attemptOf(event as typeof event & Attempt),
          progress,
        });
      }
    }
    const checksResults = effects.some(({ type }) => type === "checkResults");
    return { records, messages, events, checksResults };
  }

  #messageOf(effect: Effect, reply?: Reply): Message | undefined {
    switch (effect.type) {
      case "assign": {
        const answer = this.#job.requests.assign(effect, this.#job.planner.splits);
        return { to: "worker", worker: effect.worker, answer };
      }
      case "dismiss": {
        const outcome = this.#job.scheduler.outcome?.state ?? "cancelled";
        return { to: "worker", worker: effect.worker, answer: { kind: "exit", outcome } };
      }
      case "verdict": {
        if (reply === undefined) return undefined;
        const { accepted } = effect;
        return { to: "caller", answer: (isKept) => reply({ accepted: accepted && isKept }) };
      }
      case "ended":
        return { to: "owner", outcome: effect.outcome };
      default:
        return undefined;
    }
  }

  /** The app and the map tasks, which are fixed from the first attempt on. */
  #planRecords(event: SchedulerEvent, effects: readonly Effect[]): LogRecord[] {
    const isFirst = event.type !== "resume" && effects.some(({ type }) => type === "assign");
    if (!isFirst || this.#isPlanKept) return [];
    this.#isPlanKept = true;
    const { name: app, digest, settings } = present(this.#job.workers.app);
    return [{ type: "plan", app, digest, settings, splits: this.#job.planner.splits }];
  }

  /** The event of the plan, unless observers know that plan: all workers of an app bring the same one. */
  planEvents(): UntimedDecidedEvent[] {
    const { name = null, digest, settings } = this.#job.workers.app ?? {};
    const { splits } = this.#job.planner;
    const plan = JSON.stringify([name, digest, settings, splits]);
    if (plan === this.#toldPlan) return [];
    this.#toldPlan = plan;
    const { reduces, inputDirectory, skipBadRecords, maxBadRecords } = this.#job.options;
    const badRecords = { skipBadRecords, maxBadRecords };
    const app = { app: name, digest, settings: settings && settingDigests(settings) };
    return [{ type: "jobPlanned", ...app, inputDirectory, splits, reduces, ...badRecords }];
  }
}

function recordOf(effect: Effect, scheduler: Scheduler): LogRecord | undefined {
  switch (effect.type) {
    case "completed": {
      const { type, phase, task, attempt } = effect;
      return { type, phase, task, attempt, result: present(scheduler.resultOf(phase, task)) };
    }
    case "reopened":
      return { type: "reopened", phase: effect.phase, task: effect.task };
    case "ended":
      return { type: "ended", outcome: effect.outcome };
    default:
      return undefined;
  }
}

/** The event of an effect; undefined for what concerns a single worker only. */
function eventOf(effect: Effect, scheduler: Scheduler): UntimedDecidedEvent | undefined {
  switch (effect.type) {
    case "assign": {
      const attempt = attemptOf(effect);
      const isBackup = scheduler.liveAttempts(attempt.phase, attempt.task) > 1;
      return { type: "attemptStarted", ...attempt, isBackup };
    }
    case "completed": {
      const attempt = attemptOf(effect);
      const result = present(scheduler.resultOf(attempt.phase, attempt.task));
      return { type: "attemptCompleted", ...attempt, ...figuresOf(attempt.phase, result) };
    }
    case "failed":
      return { type: "attemptFailed", ...attemptOf(effect), failure: effect.failure };
    case "blocked":
      return { type: "attemptBlocked", ...attemptOf(effect), failure: effect.failure };
    case "lost":
      return { type: "attemptLost", ...attemptOf(effect), reason: effect.reason };
    case "superseded":
      return { type: "attemptSuperseded", ...attemptOf(effect), by: effect.by };
    case "reopened":
      return { type: "taskReopened", phase: effect.phase, task: effect.task };
    case "phaseStarted":
      return { type: "phaseStarted", phase: effect.phase };
    case "ended":
      return { type: "jobEnded", outcome: effect.outcome };
    case "checkResults":
    case "dismiss":
    case "verdict":
      return undefined;
  }
}

/** The event of a task that was completed under an earlier coordinator. */
export function restoredEvent({ phase, task, result }: CompletedTask): UntimedDecidedEvent {
  return { type: "taskRestored", phase, task, ...figuresOf(phase, result) };
}

/** Asserts a guarantee of the scheduler: its decisions refer only to tasks and results that exist. */
export function present<T>(value: T | undefined): T {
  if (value === undefined)
    throw new Error("The scheduler decided on something that does not exist");
  return value;
}

function figuresOf(phase: Phase, result: TaskResult) {
  const { outputs, counters, progress, skipped = [], replaced = [], spills = 0 } = result;
  const [output] = outputs;
  return {
    ...(phase === "map" ? {} : { crc32: output?.crc32, lines: output?.lines }),
    ...(spills === 0 ? {} : { spills }),
    ...(skipped.length === 0 ? {} : { skipped }),
    ...(replaced.length === 0 ? {} : { replaced }),
    progress,
    outputBytes: outputs.map(({ bytes }) => bytes),
    counters,
  };
}
