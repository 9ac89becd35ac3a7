import { describe, expect, it } from "vitest";
import type { JobEvent, UntimedEvent } from "../../../src/mr/job/events.ts";
import { JobView } from "../../../src/mr/watch/history/job-view.ts";

const SPLITS = [0, 1].map((n) => ({ file: `${n}.txt`, start: 0, end: 10 }));
const MAP_0 = { phase: "map", task: 0 } as const;
const FIRST = { ...MAP_0, attempt: 1, worker: 1 };
const SECOND = { ...MAP_0, attempt: 2, worker: 2 };
const PROGRESS = { records: 3, bytes: 10, cpuMs: 1 };

/** A job of two map tasks and one reduce task with two workers, to which this happened, a second apart. */
function view(...happenings: UntimedEvent[]): JobView {
  const begin: UntimedEvent[] = [
    {
      type: "jobStarted",
      directory: "/job",
      startedAt: 0,
      resumed: false,
      term: 1,
      leaseMs: 10_000,
    },
    { type: "jobPlanned", app: "wc.ts", splits: SPLITS, reduces: 1 },
    { type: "workerJoined", worker: 1, pid: 11 },
    { type: "workerJoined", worker: 2, pid: 22 },
  ];
  const events: JobEvent[] = [...begin, ...happenings].map((event, at) => {
    return { ...event, atMs: 1000 * at };
  });
  const job = new JobView();
  for (const event of events) job.apply(event);
  return job;
}

const STARTED = { type: "attemptStarted", ...FIRST, isBackup: false } as const;
const COMPLETED = {
  type: "attemptCompleted",
  ...FIRST,
  progress: PROGRESS,
  outputBytes: [7],
  counters: { rows: 2 },
} as const;

describe("JobView", () => {
  it("follows an attempt from its start over its progress to its end", () => {
    const running = view(STARTED, { type: "attemptProgressed", ...FIRST, progress: PROGRESS });
    expect(running.totals).toEqual(PROGRESS);
    expect(running.workers.get(1)?.attempt).toMatchObject({ ...FIRST, startMs: 4000 });
    expect(running.tasks("map").map(({ state }) => state)).toEqual(["inProgress", "idle"]);

    const done = view(STARTED, COMPLETED);
    expect(done.attempts).toMatchObject([{ ...FIRST, endMs: 5000, end: "completed" }]);
    expect(done.tasks("map")[0]).toMatchObject({ state: "completed", outputBytes: [7] });
    expect(done.workers.get(1)?.attempt).toBeUndefined();
    expect([done.completed("map"), done.totals, done.counters]).toEqual([1, PROGRESS, { rows: 2 }]);
  });

  it("keeps a task in progress while a backup of it lives", () => {
    const backup = { type: "attemptStarted", ...SECOND, isBackup: true } as const;
    const job = view(STARTED, backup, { type: "attemptSuperseded", ...FIRST, by: 2 });
    expect(job.tasks("map")[0]).toMatchObject({ state: "inProgress", attempts: 2 });
    expect(job.running).toMatchObject([SECOND]);
  });

  it("makes a task idle again that failed or was lost, and remembers why", () => {
    const lost = { type: "attemptLost", ...FIRST, reason: "leaseEnded" } as const;
    const again = { type: "attemptStarted", ...SECOND, isBackup: false } as const;
    const failure = { code: "APP_THREW", message: "Error: no" } as const;
    const job = view(STARTED, lost, again, { type: "attemptFailed", ...SECOND, failure });
    expect(job.attempts.map(({ end }) => end)).toEqual(["leaseEnded", "failed"]);
    expect(job.attempts[1]?.failure).toEqual(failure);
    expect(job.incidents.map(({ atMs }) => atMs)).toEqual([5000, 7000]);
    expect(job.tasks("map")[0]?.state).toBe("idle");
  });

  it("no longer counts a map task whose output was lost", () => {
    const job = view(STARTED, COMPLETED, { type: "taskReopened", ...MAP_0 });
    expect([job.completed("map"), job.totals.records, job.counters]).toEqual([0, 0, {}]);
    expect(job.tasks("map")[0]).toMatchObject({ state: "idle", attempts: 1 });
  });

  it("counts a task that another coordinator had seen completed", () => {
    const job = view({ ...COMPLETED, type: "taskRestored" });
    expect([job.completed("map"), job.totals]).toEqual([1, PROGRESS]);
    expect(job.attempts).toEqual([]);
  });

  it("ends what still runs with the job", () => {
    const job = view(STARTED, { type: "jobEnded", outcome: { state: "cancelled", reason: "so" } });
    expect(job.attempts[0]).toMatchObject({ end: "ended", endMs: 5000 });
    expect([job.outcome?.state, job.running]).toEqual(["cancelled", []]);
  });
});
