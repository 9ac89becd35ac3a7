import type { JobEvent } from "../../job/events.ts";
import type { Failure, Progress } from "../../job/task.ts";
import type { JobHistory, Session } from "../history/job-history.ts";
import type { AttemptView, JobView, TaskView } from "../history/job-view.ts";
import { hasFailed } from "./timeline.ts";

type Phase = AttemptView["phase"];

/** Totals of one phase over all sessions of the job. */
export interface PhaseFacts {
  readonly phase: Phase;
  readonly tasks: number;
  readonly completed: number;
  readonly attempts: number;
  /** Attempts that failed or were lost. */
  readonly failed: number;
  readonly backups: number;
  /** From its first attempt to the end of its last, without the pauses between sessions. */
  readonly elapsedMs: number;
  /** The sum of the durations of its attempts. */
  readonly busyMs: number;
  /** The work of completed tasks. */
  readonly done: Progress;
  readonly outputBytes: number;
}

/** A task and the attempt that completed it. */
export interface TimedTask {
  readonly phase: Phase;
  readonly task: number;
  readonly elapsedMs: number;
  readonly progress: Progress;
  readonly attempts: number;
  readonly worker: number;
}

/** An incident, and how often it happened. */
export interface FailureFacts {
  readonly atMs: number;
  readonly what: string;
  readonly failure: Failure | undefined;
  times: number;
}

export function phaseFacts({ sessions, last }: JobHistory, phase: Phase): PhaseFacts {
  const tasks = last.view.tasks(phase);
  const attempts = sessions.flatMap(({ view }) =>
    view.attempts.filter((one) => one.phase === phase),
  );
  const ended = sessions.flatMap((session) => spansOf(session, phase));
  return {
    phase,
    tasks: tasks.length,
    completed: last.view.completed(phase),
    attempts: attempts.length,
    failed: attempts.filter(hasFailed).length,
    backups: attempts.filter(({ isBackup }) => isBackup).length,
    elapsedMs: sessions.reduce((sum, session) => sum + rangeOf(spansOf(session, phase)), 0),
    busyMs: ended.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0),
    done: tasks.reduce(addProgress, { records: 0, bytes: 0, cpuMs: 0 }),
    outputBytes: tasks.reduce((sum, { outputBytes }) => sum + total(outputBytes), 0),
  };
}

function spansOf(
  { view, endMs }: Session,
  phase: Phase,
): Array<{ startMs: number; endMs: number }> {
  return view.attempts
    .filter((attempt) => attempt.phase === phase)
    .map((attempt) => ({ startMs: attempt.startMs, endMs: attempt.endMs ?? endMs }));
}

function rangeOf(spans: ReadonlyArray<{ startMs: number; endMs: number }>): number {
  if (spans.length === 0) return 0;
  let [first, last] = [Number.POSITIVE_INFINITY, 0];
  for (const { startMs, endMs } of spans) {
    first = Math.min(first, startMs);
    last = Math.max(last, endMs);
  }
  return last - first;
}

function addProgress(sum: Progress, { progress }: TaskView): Progress {
  if (progress === undefined) return sum;
  return {
    records: sum.records + progress.records,
    bytes: sum.bytes + progress.bytes,
    cpuMs: sum.cpuMs + progress.cpuMs,
  };
}

export function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** The tasks whose completion is in the log, slowest first. */
export function timedTasks({ sessions }: JobHistory, phase: Phase): TimedTask[] {
  const byTask = new Map<number, TimedTask>();
  for (const { view } of sessions) {
    for (const { end, endMs = 0, ...attempt } of view.attempts) {
      if (end !== "completed" || attempt.phase !== phase) continue;
      const { task, startMs, progress, worker, attempt: attempts } = attempt;
      byTask.set(task, { phase, task, elapsedMs: endMs - startMs, progress, attempts, worker });
    }
  }
  return [...byTask.values()].sort((a, b) => b.elapsedMs - a.elapsedMs || a.task - b.task);
}

/** The bytes for each reduce task. */
export function bytesByReduce(view: JobView): number[] {
  const sums = new Array<number>(view.tasks("reduce").length).fill(0);
  for (const { outputBytes } of view.tasks("map")) {
    outputBytes.forEach((bytes, reduce) => {
      sums[reduce] = (sums[reduce] ?? 0) + bytes;
    });
  }
  return sums;
}

const LOSSES = {
  leaseEnded: "lost: no progress within the lease",
  workerGone: "lost: its worker was gone",
};

/** All incidents, oldest first; those with the same text are counted. */
export function failureFacts({ sessions }: JobHistory): FailureFacts[] {
  const byText = new Map<string, FailureFacts>();
  for (const { view } of sessions) {
    for (const { atMs, event } of view.incidents) {
      const { what, failure } = describeIncident(event);
      const text = `${what.replace(/, attempt [0-9]+/, "")}\n${failure?.message}\n${failure?.stack}`;
      const known = byText.get(text);
      if (known !== undefined) known.times += 1;
      else byText.set(text, { atMs, what, failure, times: 1 });
    }
  }
  return [...byText.values()];
}

function describeIncident(event: JobEvent): Pick<FailureFacts, "what" | "failure"> {
  switch (event.type) {
    case "attemptFailed":
      return { what: `${nameOf(event)} failed`, failure: event.failure };
    case "attemptBlocked":
      return {
        what: `${nameOf(event)} found map outputs missing or damaged`,
        failure: event.failure,
      };
    case "attemptLost":
      return { what: `${nameOf(event)} was ${LOSSES[event.reason]}`, failure: undefined };
    case "taskReopened":
      return {
        what: `The output of ${event.phase} task ${event.task} was missing or damaged: it ran again`,
        failure: undefined,
      };
    default:
      return { what: event.type, failure: undefined };
  }
}

function nameOf({ phase, task, attempt, worker }: AttemptView | Named): string {
  return `${phase === "map" ? "Map" : "Reduce"} task ${task}, attempt ${attempt}, on worker ${worker},`;
}

type Named = Pick<AttemptView, "phase" | "task" | "attempt" | "worker">;
