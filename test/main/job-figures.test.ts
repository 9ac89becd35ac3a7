import { expect, it } from "vitest";
import { jobFigures } from "../../src/main/job-figures.ts";
import type { JobEvent, UntimedEvent } from "../../src/mr/job/events.ts";
import { JobView } from "../../src/mr/watch/history/job-view.ts";

const map = (task: number, attempt: number, worker: number) => {
  return { phase: "map", task, attempt, worker } as const;
};
const reduce = { phase: "reduce", task: 0, attempt: 1, worker: 3 } as const;

function completed(records: number, spills?: number) {
  return {
    type: "attemptCompleted",
    ...{ progress: { records, bytes: 10 * records, cpuMs: 1.4 }, outputBytes: [5, 6] },
    ...{ counters: {}, ...(spills === undefined ? {} : { spills }) },
  } as const;
}

const STORY: readonly UntimedEvent[] = [
  { type: "jobStarted", directory: "/d", startedAt: 0, resumed: false, term: 1, leaseMs: 1 },
  {
    ...{ type: "jobPlanned", app: "wc.ts", reduces: 1 },
    splits: [0, 1].map((start) => ({ file: "a", start, end: start + 1 })),
  },
  ...[1, 2, 3].map((worker) => ({ type: "workerJoined", worker, pid: worker }) as const),
  { type: "attemptStarted", isBackup: false, ...map(0, 1, 1) },
  { type: "attemptStarted", isBackup: false, ...map(1, 1, 2) },
  { type: "attemptLost", reason: "workerGone", ...map(0, 1, 1) },
  { type: "workerLeft", worker: 1 },
  { type: "attemptFailed", failure: { code: "APP_THREW", message: "no" }, ...map(1, 1, 2) },
  { type: "attemptStarted", isBackup: false, ...map(0, 2, 2) },
  { type: "attemptStarted", isBackup: false, ...map(1, 2, 3) },
  { type: "attemptStarted", isBackup: true, ...map(1, 3, 2) },
  { ...completed(7, 2), ...map(0, 2, 2) },
  { type: "attemptSuperseded", ...map(1, 3, 2), by: 1 },
  { ...completed(3, 1), ...map(1, 2, 3) },
  { type: "phaseStarted", phase: "reduce" },
  { type: "attemptStarted", isBackup: false, ...reduce },
  { ...completed(4), ...reduce },
];

it("the figures of a job are those of what counts, and how often something was done again", () => {
  const view = new JobView();
  for (const [atMs, event] of STORY.entries()) view.apply({ ...event, atMs } as JobEvent);
  expect(jobFigures(view)).toEqual({
    app: "wc.ts",
    workers: 3,
    map: {
      ...{ tasks: 2, attempts: 5, failedAttempts: 1, lostAttempts: 1, supersededAttempts: 1 },
      ...{ records: 10, bytes: 100, cpuMs: 3, outputBytes: 22, spills: 3 },
    },
    reduce: {
      ...{ tasks: 1, attempts: 1, failedAttempts: 0, lostAttempts: 0, supersededAttempts: 0 },
      ...{ records: 4, bytes: 40, cpuMs: 1, outputBytes: 11, spills: 0 },
    },
  });
});
