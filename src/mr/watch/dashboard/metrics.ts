import type { JobFeed } from "./job-feed.ts";

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number];

const STATES = ["running", "completed", "failed", "cancelled"] as const;
const ENDS = ["completed", "failed", "blocked", "superseded", "leaseEnded", "workerGone", "ended"];

/**
 * The figures of a job in the text format of Prometheus
 * (<https://prometheus.io/docs/instrumenting/exposition_formats>).
 *
 * @param nowMs the time, in milliseconds since the coordinator started
 */
export function formatMetrics(feed: JobFeed, nowMs: number): string {
  const status = describeStatus(feed, nowMs);
  const { work } = feed;
  const tasks = [
    ...Object.entries(status.maps).map(([state, n]) => [{ phase: "map", state }, n] as const),
    ...Object.entries(status.reduces).map(([state, n]) => [{ phase: "reduce", state }, n] as const),
  ];
  const ends = ENDS.map((end) => [{ end }, feed.ends.get(end) ?? 0] as const);
  const info: Labels = { app: status.app ?? "", directory: status.directory };
  return [
    metric("tsmr_job_info", "gauge", "The app and the directory of the job.", [[info, 1]]),
    metric(
      ...(["tsmr_job_state", "gauge", "1 for the present state of the job."] as const),
      STATES.map((state) => [{ state }, state === status.state ? 1 : 0]),
    ),
    metric("tsmr_job_elapsed_seconds", "gauge", "Time since the coordinator started.", [
      [{}, status.elapsedMs / 1000],
    ]),
    metric("tsmr_tasks", "gauge", "Number of tasks by phase and state.", tasks),
    metric("tsmr_workers", "gauge", "Number of workers that are connected.", [
      [{}, status.workers],
    ]),
    metric("tsmr_attempts_started_total", "counter", "Attempts of tasks that were started.", [
      [{}, feed.view.attempts.length],
    ]),
    metric("tsmr_attempts_total", "counter", "Attempts of tasks by how they ended.", ends),
    metric("tsmr_records_total", "counter", "Records read and written, in all attempts.", [
      [{}, work.records],
    ]),
    metric("tsmr_bytes_total", "counter", "Bytes read and written, in all attempts.", [
      [{}, work.bytes],
    ]),
    metric("tsmr_cpu_seconds_total", "counter", "Processor time used, in all attempts.", [
      [{}, work.cpuMs / 1000],
    ]),
    metric("tsmr_shuffle_bytes", "gauge", "Bytes from completed map tasks to reduce tasks.", [
      [{}, feed.shuffleBytes],
    ]),
    metric("tsmr_output_bytes", "gauge", "Bytes of completed output files.", [
      [{}, feed.outputBytes],
    ]),
    // A gauge, because losing the output of a map task decreases it.
    metric(
      ...(["tsmr_user_counter", "gauge", "Counters of the app, over completed tasks."] as const),
      Object.entries(status.counters).map(([name, value]) => [{ name }, value]),
    ),
  ].join("");
}

function metric(
  name: string,
  type: "counter" | "gauge",
  help: string,
  samples: readonly Sample[],
): string {
  const lines = samples.map(([labels, value]) => `${name}${formatLabels(labels)} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("")}`;
}

function formatLabels(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

/** A summary of a job. Times are milliseconds since the coordinator started. */
export interface Status {
  readonly state: "running" | "completed" | "failed" | "cancelled";
  /** Why the job failed or was cancelled. */
  readonly reason: string | null;
  readonly app: string | null;
  readonly directory: string;
  readonly phase: "map" | "reduce";
  readonly elapsedMs: number;
  readonly maps: TaskCounts;
  readonly reduces: TaskCounts;
  /** Number of present workers. */
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
