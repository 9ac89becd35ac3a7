import {
  array,
  assert,
  boolean,
  constant,
  constantFrom,
  nat,
  oneof,
  property,
  record,
  tuple,
} from "fast-check";
import { describe, expect, it } from "vitest";
import type { JobEvent, UntimedEvent } from "../../../src/mr/job/events.ts";
import { JobFeed } from "../../../src/mr/watch/dashboard/job-feed.ts";
import { JobState } from "../../../src/mr/watch/dashboard/page/job-state.js";
import { begin, timed } from "../../support/job-events.ts";
import { syntheticJob } from "./synthetic-job.ts";

const MAPS = 5;
const REDUCES = 3;

const phase = constantFrom("map" as const, "reduce" as const);
const attempt = { phase, task: nat(MAPS - 1), attempt: nat(3), worker: nat(3).map((n) => n + 1) };
const progress = record({ records: nat(99), bytes: nat(9999), cpuMs: nat(999) });
const result = {
  progress,
  outputBytes: array(nat(1000), { minLength: REDUCES, maxLength: REDUCES }),
  counters: record({ rows: nat(9) }),
};
const failure = constant({
  code: "APP_THREW",
  message: "Error: no",
  stack: "Error: no\n    at map",
});
const type = <Type extends string>(name: Type) => ({ type: constant(name) });

/** Anything that could be told of a job, in any order, possible or not. */
const happening = oneof(
  record({ ...type("workerJoined"), worker: attempt.worker, pid: nat() }),
  record({ ...type("workerLeft"), worker: attempt.worker }),
  record({ ...type("attemptStarted"), ...attempt, isBackup: boolean() }),
  record({ ...type("attemptProgressed"), ...attempt, progress }),
  record({ ...type("attemptCompleted"), ...attempt, ...result }),
  record({ ...type("attemptFailed"), ...attempt, failure }),
  record({ ...type("attemptLost"), ...attempt, reason: constant("workerGone" as const) }),
  record({ ...type("attemptSuperseded"), ...attempt, by: nat(99) }),
  record({ ...type("taskReopened"), phase: constant("map" as const), task: attempt.task }),
  record({ ...type("taskRestored"), phase, task: attempt.task, ...result }),
  constant({ type: "phaseStarted", phase: "reduce" } as const),
  constant({ type: "jobPlanned", app: "other.ts", splits: [], reduces: REDUCES } as const),
  constant({ type: "jobEnded", outcome: { state: "completed" } } as const),
);

/** Brings a page to what a feed knows. */
function update(page: JobState, version: number, feed: JobFeed): number {
  const nowMs = feed.view.nowMs;
  // Through text, as to a browser.
  for (const patch of feed.since(version, nowMs)) page.apply(JSON.parse(JSON.stringify(patch)));
  return feed.version;
}

function feedOf(events: readonly JobEvent[]): JobFeed {
  const feed = new JobFeed();
  for (const event of events) feed.apply(event);
  return feed;
}

describe("JobFeed", () => {
  it("tells by changes, however many at once, what a snapshot tells", () => {
    const steps = array(tuple(happening, boolean()), { maxLength: 80 });
    assert(
      property(steps, (taken) => {
        const happenings: UntimedEvent[] = taken.map(([event]) => event);
        const opening = begin(MAPS, REDUCES);
        const feed = new JobFeed();
        const page = new JobState();
        let version = 0;
        timed([...opening, ...happenings]).forEach((event, at) => {
          feed.apply(event);
          if (taken[at - opening.length]?.[1] === true) version = update(page, version, feed);
        });
        update(page, version, feed);
        const fresh = new JobState();
        update(fresh, 0, feed);
        expect(page).toEqual(fresh);
        for (let task = 0; task < MAPS; task += 1) {
          expect(page.attemptsOf("map", task)).toEqual(fresh.attemptsOf("map", task));
        }
      }),
      { numRuns: 300 },
    );
  });

  it("tells what those see who follow the events themselves", () => {
    const size = { maps: 40, reduces: 7, workers: 5, taskMs: 900, diesEvery: 9, failsEvery: 7 };
    const events = syntheticJob(size);
    for (const count of [1, 5, 60, 150, events.length]) {
      const feed = feedOf(events.slice(0, count));
      const page = new JobState();
      update(page, 0, feed);
      const { view } = feed;
      expect(page.job?.phase).toBe(view.phase);
      expect(page.job?.outcome).toEqual(view.outcome ?? null);
      expect(page.counters).toEqual(view.counters);
      const { records, bytes } = feed.work;
      expect(page.totals).toMatchObject({ records, bytes });
      expect(page.attempts.map(({ end }) => end)).toEqual(
        view.attempts.map(({ end }) => end ?? null),
      );
      expect(page.workers.map(({ pid }) => pid)).toEqual(
        [...view.workers.values()].map(({ pid }) => pid),
      );
      expect(page.incidents.length).toBe(view.incidents.length);
      for (const phase of ["map", "reduce"] as const) {
        const states = view.tasks(phase).map(({ state, attempts }) => [state, attempts]);
        const names = ["idle", "inProgress", "completed"] as const;
        expect(page.tasks[phase].map((task) => [names[task.state], task.attempts])).toEqual(states);
      }
    }
  });

  it("adds up work over time and bytes over the shuffle to what there was", () => {
    const events = syntheticJob({ maps: 300, reduces: 150, workers: 4, taskMs: 3000 });
    const feed = feedOf(events);
    const page = new JobState();
    update(page, 0, feed);
    const { records, bytes } = feed.work;
    expect(records).toBe(feed.view.totals.records);
    expect(bytes).toBe(feed.view.totals.bytes);
    const sum = (column: number) =>
      page.throughput.rows.reduce((all, row) => all + (row[column] ?? 0), 0);
    expect(page.throughput.rows.length).toBeLessThanOrEqual(480);
    // Each stretch is rounded.
    expect(Math.abs(sum(0) - records)).toBeLessThan(480);
    expect(Math.abs(sum(1) - bytes)).toBeLessThan(480);
    const cells = page.shuffle.rows.flat();
    expect(cells.length).toBeLessThanOrEqual(64 * 64);
    expect(cells.reduce((all, cell) => all + cell, 0)).toBe(page.totals?.shuffleBytes);
  });

  it("cuts a snapshot of a large job into pieces", () => {
    const feed = feedOf(syntheticJob({ maps: 10_000, reduces: 10, workers: 100, taskMs: 500 }));
    const patches = feed.since(0, 0);
    expect(patches.length).toBeGreaterThan(5);
    for (const patch of patches) {
      const rows = Object.values(patch).filter((value) => Array.isArray(value));
      expect(JSON.stringify(patch).length).toBeLessThan(400_000);
      expect(rows.length).toBeLessThan(8);
    }
  });
});
