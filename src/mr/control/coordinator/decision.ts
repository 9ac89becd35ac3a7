import type { UntimedDecidedEvent } from "../../job/events.ts";
import type { Attempt, CompletedTask, JobEnd, TaskResult } from "../../job/task.ts";
import type { LogRecord } from "../log/job-log.ts";
import type { Assignment, Dismissal } from "../protocol/protocol.ts";
import type { Scheduler } from "../scheduler/scheduler.ts";
import type { Effect } from "../scheduler/types.ts";

/** What a step of the coordinator comes to. Nothing of it has been done yet. */
export interface Decision {
  /** What must be safe in the log before the rest leaves the coordinator. */
  readonly records: readonly LogRecord[];
  readonly messages: readonly Message[];
  /** What observers are told. */
  readonly events: readonly UntimedDecidedEvent[];
}

/** What the coordinator tells others. */
export type Message =
  /** The answer to the requests of a worker that wait. */
  | { readonly to: "worker"; readonly worker: number; readonly answer: Assignment | Dismissal }
  /** The answer to one call. `refuse` answers it instead when the decision can't be kept. */
  | { readonly to: "caller"; readonly answer: () => void; readonly refuse: () => void }
  /** The job has ended. */
  | { readonly to: "owner"; readonly outcome: JobEnd };

/** The record of an effect, if there is one. */
export function recordOf(effect: Effect, scheduler: Scheduler): LogRecord | undefined {
  switch (effect.type) {
    case "completed": {
      const { type, phase, task, attempt } = effect;
      return { type, phase, task, attempt, result: present(scheduler.resultOf(phase, task)) };
    }
    case "reopened":
      return { type: "reopened", task: effect.task };
    case "ended":
      return { type: "ended", outcome: effect.outcome };
    default:
      return undefined;
  }
}

/** The event of an effect; undefined if it concerns only the worker that it is for. */
export function eventOf(effect: Effect, scheduler: Scheduler): UntimedDecidedEvent | undefined {
  switch (effect.type) {
    case "assign": {
      const attempt = attemptOf(effect);
      const isBackup = scheduler.liveAttempts(attempt.phase, attempt.task) > 1;
      return { type: "attemptStarted", ...attempt, isBackup };
    }
    case "completed": {
      const attempt = attemptOf(effect);
      const result = present(scheduler.resultOf(attempt.phase, attempt.task));
      return { type: "attemptCompleted", ...attempt, ...figuresOf(result) };
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
    case "dismiss":
    case "verdict":
      return undefined;
  }
}

/** The event of a task that an earlier coordinator has seen completed. */
export function restoredEvent({ phase, task, result }: CompletedTask): UntimedDecidedEvent {
  return { type: "taskRestored", phase, task, ...figuresOf(result) };
}

/** The numbers of an attempt, without other members that the object may have. */
export function attemptOf({ phase, task, attempt, worker }: Attempt): Attempt {
  return { phase, task, attempt, worker };
}

/** Asserts what the scheduler guarantees: a decision refers only to what exists. */
export function present<T>(value: T | undefined): T {
  if (value === undefined)
    throw new Error("The scheduler decided on something that does not exist");
  return value;
}

function figuresOf({ outputs, counters, progress, skipped = [], spills = 0 }: TaskResult) {
  return {
    ...(spills === 0 ? {} : { spills }),
    ...(skipped.length === 0 ? {} : { skipped }),
    progress,
    outputBytes: outputs.map(({ bytes }) => bytes),
    counters,
  };
}
