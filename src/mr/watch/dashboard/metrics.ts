import type { TaskView } from "../history/job-view.ts";
import type { JobFeed } from "./job-feed.ts";

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number];

const STATES = ["running", "completed", "failed", "cancelled"] as const;
const ENDS = ["completed", "failed", "blocked", "superseded", "leaseEnded", "workerGone", "ended"];

/** The figures in the format of Prometheus: https://prometheus.io/docs/instrumenting/exposition_formats */
export function formatMetrics(feed: JobFeed, nowMs: number): string {
  const status = describeStatus(feed, nowMs);
  const { work } = feed;
  const countsOf = (phase: string, counts: ReturnType<typeof countTasks>) => {
    return Object.entries(counts).map(([state, count]) => [{ phase, state }, count] as const);
  };
  const tasks = [...countsOf("map", status.maps), ...countsOf("reduce", status.reduces)];
  const states = STATES.map((state) => [{ state }, state === status.state ? 1 : 0] as const);
  const ends = ENDS.map((end) => [{ end }, feed.ends.get(end) ?? 0] as const);
  const counters = Object.entries(status.counters).map(([name, n]) => [{ name }, n] as const);
  const info: Labels = { app: status.app ?? "", directory: status.directory };
  return [
    gauge("job_info", "The app and the directory of the job.", [[info, 1]]),
    gauge("job_state", "1 for the present state of the job.", states),
    gauge("job_elapsed_seconds", "Time since the coordinator started.", status.elapsedMs / 1000),
    gauge("tasks", "Number of tasks by phase and state.", tasks),
    gauge("workers", "Number of workers that are connected.", status.workers),
    counter("attempts_started", "Attempts of tasks that were started.", feed.view.attempts.length),
    counter("attempts", "Attempts of tasks by how they ended.", ends),
    counter("records", "Records and keys read, in all attempts.", work.records),
    counter("bytes", "Bytes read, in all attempts.", work.bytes),
    counter("cpu_seconds", "Processor time used, in all attempts.", work.cpuMs / 1000),
    gauge("shuffle_bytes", "Bytes from completed map tasks to reduce tasks.", feed.shuffleBytes),
    gauge("output_bytes", "Bytes of completed output files.", feed.outputBytes),
    // A gauge, because losing the output of a map task decreases it.
    gauge("user_counter", "Counters of the app, over completed tasks.", counters),
  ].join("");
}

function counter(name: string, help: string, samples: number | readonly Sample[]): string {
  return metric(`tsmr_${name}_total`, "counter", help, samples);
}

function gauge(name: string, help: string, samples: number | readonly Sample[]): string {
  return metric(`tsmr_${name}`, "gauge", help, samples);
}

function metric(name: string, type: string, help: string, given: number | readonly Sample[]) {
  const samples: readonly Sample[] = typeof given === "number" ? [[{}, given]] : given;
  const lines = samples.map(([labels, value]) => `${name}${formatLabels(labels)} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("")}`;
}

function formatLabels(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => {
    const escaped = value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
    return `${name}="${escaped}"`;
  });
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

/**
 * A summary of a job. Times are milliseconds since the coordinator started; `reason` says why the job failed
 * or was cancelled, and `workers` counts those that are present.
 */
export function describeStatus({ view }: JobFeed, nowMs: number) {
  const { outcome, app, directory, phase, totals, counters } = view;
  let reason: string | null = null;
  if (outcome?.state === "failed") reason = outcome.failure.message;
  if (outcome?.state === "cancelled") reason = outcome.reason;
  const state = outcome?.state ?? "running";
  return {
    ...{ state, reason, app, directory, phase, elapsedMs: Math.round(nowMs) },
    maps: countTasks(view.tasks("map")),
    reduces: countTasks(view.tasks("reduce")),
    workers: [...view.workers.values()].filter(({ leftMs }) => leftMs === undefined).length,
    ...totals,
    counters,
  };
}

function countTasks(tasks: readonly TaskView[]) {
  const counts = { idle: 0, inProgress: 0, completed: 0 };
  for (const { state } of tasks) counts[state] += 1;
  return counts;
}
