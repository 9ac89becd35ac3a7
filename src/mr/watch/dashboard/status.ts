import type { JobFeed } from "./job-feed.ts";

/** A job in a few numbers. Times are milliseconds since the coordinator started. */
export interface Status {
  readonly state: "running" | "completed" | "failed" | "cancelled";
  /** Why it failed or was cancelled. */
  readonly reason: string | null;
  readonly app: string | null;
  readonly directory: string;
  readonly phase: "map" | "reduce";
  readonly elapsedMs: number;
  readonly maps: TaskCounts;
  readonly reduces: TaskCounts;
  /** Number of workers that are there. */
  readonly workers: number;
  readonly records: number;
  readonly bytes: number;
  readonly cpuMs: number;
  readonly counters: Readonly<Record<string, number>>;
}

export interface TaskCounts {
  readonly idle: number;
  readonly inProgress: number;
  readonly completed: number;
}

/** @param nowMs the time, in milliseconds since the coordinator started */
export function describeStatus({ view }: JobFeed, nowMs: number): Status {
  const { outcome, app, directory, phase, totals, counters } = view;
  let reason: string | null = null;
  if (outcome?.state === "failed") reason = outcome.failure.message;
  if (outcome?.state === "cancelled") reason = outcome.reason;
  return {
    ...{ state: outcome?.state ?? "running", reason, app, directory, phase },
    elapsedMs: Math.round(nowMs),
    maps: countTasks(view.tasks("map")),
    reduces: countTasks(view.tasks("reduce")),
    workers: [...view.workers.values()].filter(({ leftMs }) => leftMs === undefined).length,
    ...totals,
    counters,
  };
}

function countTasks(tasks: ReadonlyArray<{ readonly state: keyof TaskCounts }>): TaskCounts {
  const counts = { idle: 0, inProgress: 0, completed: 0 };
  for (const { state } of tasks) counts[state] += 1;
  return counts;
}
