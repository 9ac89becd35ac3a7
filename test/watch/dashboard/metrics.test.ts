import { describe, expect, it } from "vitest";
import type { UntimedEvent } from "../../../src/mr/job/events.ts";
import { JobFeed } from "../../../src/mr/watch/dashboard/job-feed.ts";
import { formatMetrics } from "../../../src/mr/watch/dashboard/metrics.ts";
import { begin, timed } from "../../support/job-events.ts";

interface Metric {
  readonly type: string;
  readonly samples: Map<string, number>;
}

/** Reads the text format as Prometheus does, and refuses what it would refuse. */
function parseMetrics(text: string): Map<string, Metric> {
  const metrics = new Map<string, Metric>();
  expect(text.endsWith("\n")).toBe(true);
  let current: { name: string; metric: Metric } | undefined;
  for (const line of text.slice(0, -1).split("\n")) {
    const [, help] = /^# HELP ([a-z_]+) .+$/.exec(line) ?? [];
    const [, typed, type] = /^# TYPE ([a-z_]+) (counter|gauge)$/.exec(line) ?? [];
    if (help !== undefined) {
      expect(metrics.has(help)).toBe(false);
      current = undefined;
    } else if (typed !== undefined && type !== undefined) {
      current = { name: typed, metric: { type, samples: new Map() } };
      metrics.set(typed, current.metric);
    } else {
      const pattern = /^([a-z_]+)(\{(?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)+\})? (-?[0-9.e+]+)$/;
      const [, name, labels = "", value] = pattern.exec(line) ?? [];
      expect([line, name]).toEqual([line, current?.name]);
      expect(current?.metric.samples.has(labels)).toBe(false);
      current?.metric.samples.set(labels, Number(value));
    }
  }
  return metrics;
}

const FIRST = { phase: "map", task: 0, attempt: 1, worker: 1 } as const;
const PROGRESS = { records: 30, bytes: 1000, cpuMs: 500 };

function metricsOf(...happenings: UntimedEvent[]): Map<string, Metric> {
  const feed = new JobFeed();
  const joined = { type: "workerJoined", worker: 1, pid: 7 } as const;
  for (const event of timed([...begin(3, 2), joined, ...happenings])) feed.apply(event);
  return parseMetrics(formatMetrics(feed, 12_500));
}

describe("formatMetrics", () => {
  it("counts tasks, attempts, workers and work", () => {
    const metrics = metricsOf(
      { type: "attemptStarted", ...FIRST, isBackup: false },
      { type: "attemptProgressed", ...FIRST, progress: PROGRESS },
      { type: "attemptLost", ...FIRST, reason: "leaseEnded" },
      { type: "attemptStarted", ...FIRST, attempt: 2, isBackup: false },
      {
        type: "attemptCompleted",
        ...{ ...FIRST, attempt: 2, progress: PROGRESS, outputBytes: [4, 5] },
        counters: { rows: 2 },
      },
    );
    const value = (name: string, labels = "") => metrics.get(name)?.samples.get(labels);
    expect(value("tsmr_tasks", '{phase="map",state="completed"}')).toBe(1);
    expect(value("tsmr_tasks", '{phase="reduce",state="idle"}')).toBe(2);
    expect(value("tsmr_attempts_started_total")).toBe(2);
    expect(value("tsmr_attempts_total", '{end="leaseEnded"}')).toBe(1);
    expect(value("tsmr_attempts_total", '{end="completed"}')).toBe(1);
    // Those of the attempt that was lost are among them.
    expect(value("tsmr_records_total")).toBe(60);
    expect(value("tsmr_cpu_seconds_total")).toBe(1);
    expect(value("tsmr_shuffle_bytes")).toBe(9);
    expect(value("tsmr_workers")).toBe(1);
    expect(value("tsmr_job_elapsed_seconds")).toBe(12.5);
    expect(value("tsmr_job_state", '{state="running"}')).toBe(1);
    expect(value("tsmr_user_counter", '{name="rows"}')).toBe(2);
    for (const [name, { type }] of metrics) {
      expect([name, type]).toEqual([name, name.endsWith("_total") ? "counter" : "gauge"]);
    }
  });

  it("escapes what an app chose as a name", () => {
    const counters = { 'a "b" \\ c\nd': 1 };
    const metrics = metricsOf(
      { type: "attemptStarted", ...FIRST, isBackup: false },
      { type: "attemptCompleted", ...FIRST, progress: undefined, outputBytes: [], counters },
    );
    expect([...(metrics.get("tsmr_user_counter")?.samples.keys() ?? [])]).toEqual([
      '{name="a \\"b\\" \\\\ c\\nd"}',
    ]);
  });
});
