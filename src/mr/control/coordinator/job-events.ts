import type { DecidedEvent, UntimedDecidedEvent } from "../../job/events.ts";
import type { Attempt, CompletedTask, Progress, TaskResult } from "../../job/task.ts";
import type { Scheduler } from "../scheduler/scheduler.ts";
import type { Effect } from "../scheduler/types.ts";

/** Tells whoever watches a job what happens in it. With nobody there it costs next to nothing. */
export class JobEvents {
  readonly #listener: ((event: DecidedEvent) => void) | undefined;
  readonly #elapsedMs: () => number;
  readonly #scheduler: Scheduler;
  #hasEnded = false;

  /** @param elapsedMs the time since the coordinator started */
  constructor(
    listener: ((event: DecidedEvent) => void) | undefined,
    elapsedMs: () => number,
    scheduler: Scheduler,
  ) {
    this.#listener = listener;
    this.#elapsedMs = elapsedMs;
    this.#scheduler = scheduler;
  }

  started(job: { directory: string; leaseMs: number; resumed?: unknown }): void {
    const { directory, leaseMs } = job;
    const resumed = job.resumed !== undefined;
    this.tell({ type: "jobStarted", directory, startedAt: Date.now(), resumed, leaseMs });
  }

  restored(completed: readonly CompletedTask[]): void {
    for (const { phase, task, result } of completed) {
      this.tell({ type: "taskRestored", phase, task, ...whatIsLeft(result) });
    }
  }

  progressed(attempt: Attempt, progress: Progress): void {
    this.tell({ type: "attemptProgressed", ...attemptOf(attempt), progress });
  }

  /** What follows from an effect. An `assign` that repeats what a worker was told must not come here. */
  tellOf(effect: Effect): void {
    if (this.#listener === undefined) return;
    const event = eventOf(effect, this.#scheduler);
    if (event !== undefined) this.tell(event);
  }

  tell(event: UntimedDecidedEvent): void {
    // That the workers leave, one after the other, is no longer part of the job.
    if (this.#listener === undefined || this.#hasEnded) return;
    this.#hasEnded = event.type === "jobEnded";
    try {
      this.#listener({ ...event, atMs: this.#elapsedMs() });
    } catch (error) {
      // A mistake of the one who watches is his own: the step under way is completed first.
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}

/** Undefined for an effect that concerns only the worker it is for. */
function eventOf(effect: Effect, scheduler: Scheduler): UntimedDecidedEvent | undefined {
  switch (effect.type) {
    case "assign": {
      const attempt = attemptOf(effect);
      const isBackup = scheduler.liveAttempts(attempt.phase, attempt.task) > 1;
      return { type: "attemptStarted", ...attempt, isBackup };
    }
    case "completed": {
      const attempt = attemptOf(effect);
      const result = scheduler.resultOf(attempt.phase, attempt.task);
      return { type: "attemptCompleted", ...attempt, ...whatIsLeft(result) };
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

function attemptOf({ phase, task, attempt, worker }: Attempt): Attempt {
  return { phase, task, attempt, worker };
}

function whatIsLeft(result: TaskResult | undefined) {
  const { skipped = [], spills = 0 } = result ?? {};
  return {
    ...(spills === 0 ? {} : { spills }),
    ...(skipped.length === 0 ? {} : { skipped }),
    progress: result?.progress,
    outputBytes: (result?.outputs ?? []).map(({ bytes }) => bytes),
    counters: result?.counters ?? {},
  };
}
