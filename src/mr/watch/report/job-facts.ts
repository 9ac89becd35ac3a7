import type { Attempt, Failure, Phase, Progress } from "../../job/task.ts";
import type { JobHistory } from "../history/job-history.ts";
import type { AttemptView, Incident, JobView } from "../history/job-view.ts";

/** A task, as the attempt that completed it. */
export type TimedTask = AttemptView & { readonly elapsedMs: number };

export interface FailureFacts {
  readonly atMs: number;
  readonly what: string;
  readonly failure: Failure | undefined;
  times: number;
  readonly tasks: Set<number>;
}

/** Totals of one phase over all sessions of the job. */
export function phaseFacts({ sessions, last }: JobHistory, phase: Phase) {
  const tasks = last.view.tasks(phase);
  const sumOf = (name: keyof Progress) => total(tasks.map(({ progress }) => progress?.[name] ?? 0));
  /** From the first attempt to the end of the last, without the pauses between sessions. */
  let elapsedMs = 0;
  let busyMs = 0;
  for (const { view, endMs: sessionEndMs } of sessions) {
    let [firstMs, lastMs] = [Number.POSITIVE_INFINITY, 0];
    for (const { phase: ofPhase, startMs, endMs = sessionEndMs } of view.attempts) {
      if (ofPhase !== phase) continue;
      firstMs = Math.min(firstMs, startMs);
      lastMs = Math.max(lastMs, endMs);
      busyMs += endMs - startMs;
    }
    elapsedMs += Math.max(0, lastMs - firstMs);
  }
  const attempts = sessions.flatMap(({ view }) => {
    return view.attempts.filter((attempt) => attempt.phase === phase);
  });
  return {
    tasks: tasks.length,
    completed: last.view.completed(phase),
    attempts: attempts.length,
    failed: attempts.filter(hasFailed).length,
    backups: attempts.filter(({ isBackup }) => isBackup).length,
    elapsedMs,
    busyMs,
    done: { records: sumOf("records"), bytes: sumOf("bytes"), cpuMs: sumOf("cpuMs") },
    outputBytes: total(tasks.map(({ outputBytes }) => total(outputBytes))),
  };
}

export function hasFailed({ end }: AttemptView): boolean {
  return end === "failed" || end === "leaseEnded" || end === "workerGone" || end === "blocked";
}

export function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** The tasks whose completion is in the log, slowest first. */
export function timedTasks({ sessions }: JobHistory, phase: Phase): TimedTask[] {
  const byTask = new Map<number, TimedTask>();
  for (const attempt of sessions.flatMap(({ view }) => view.attempts)) {
    if (attempt.end !== "completed" || attempt.phase !== phase) continue;
    const elapsedMs = (attempt.endMs ?? 0) - attempt.startMs;
    byTask.set(attempt.task, { ...attempt, elapsedMs });
  }
  return [...byTask.values()].sort((a, b) => b.elapsedMs - a.elapsedMs || a.task - b.task);
}

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

/** All incidents by kind, oldest first: the first one of each, how often it occurred, and in which tasks. */
export function failureFacts({ sessions }: JobHistory): FailureFacts[] {
  const known = new Map<string, FailureFacts>();
  for (const { atMs, event } of sessions.flatMap(({ view }) => view.incidents)) {
    const { type, phase, task } = event;
    const reason = "reason" in event ? event.reason : undefined;
    const failure = "failure" in event ? event.failure : undefined;
    // A message names its record, so failures of one kind agree in their code and the place in the app.
    const frames = failure?.stack?.split("\n").filter((line) => /^\s+at /.test(line));
    const key = JSON.stringify([type, phase, reason, failure?.code, frames]);
    const facts = known.get(key);
    if (facts === undefined) {
      const what = describeIncident(event);
      known.set(key, { atMs, what, failure, times: 1, tasks: new Set([task]) });
      continue;
    }
    facts.times += 1;
    facts.tasks.add(task);
  }
  return [...known.values()];
}

function describeIncident(event: Incident["event"]): string {
  switch (event.type) {
    case "attemptFailed":
      return `${nameOf(event)} failed`;
    case "attemptBlocked":
      return `${nameOf(event)} found map outputs missing or damaged`;
    case "attemptLost":
      return `${nameOf(event)} was ${LOSSES[event.reason]}`;
    case "taskReopened":
      return `The output of ${event.phase} task ${event.task} was missing or damaged: it ran again`;
  }
}

function nameOf({ phase, task, attempt, worker }: Attempt): string {
  return `${phase === "map" ? "Map" : "Reduce"} task ${task}, attempt ${attempt}, on worker ${worker},`;
}
