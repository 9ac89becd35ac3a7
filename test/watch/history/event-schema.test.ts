import { describe, expect, it } from "vitest";
import type { JobEvent } from "../../../src/mr/job/events.ts";
import { parseEvent } from "../../../src/mr/watch/history/event-schema.ts";

const ATTEMPT = { phase: "map", task: 2, attempt: 1, worker: 3 } as const;
const PROGRESS = { records: 4, bytes: 5, cpuMs: 6.5 };
const FAILURE = { code: "APP_THREW", message: "map failed", stack: "at map" } as const;
const FIGURES = {
  progress: PROGRESS,
  outputBytes: [7, 0],
  counters: { lines: -8.5 },
  skipped: [{ file: "a.txt", place: "byte 9", reason: "bad" }],
  spills: 2,
};

/** An event of each kind with every member, the optional ones included. */
const EVENTS: { readonly [Type in JobEvent["type"]]: JobEvent & { readonly type: Type } } = {
  jobStarted: {
    ...{ type: "jobStarted", atMs: 0, directory: "/job", startedAt: 1.7e12, resumed: true },
    ...{ term: 2, leaseMs: 10_000 },
  },
  jobPlanned: {
    ...{ type: "jobPlanned", atMs: 0.25, app: "wc", reduces: 2 },
    ...{ digest: "ab", settings: { PATTERN: "cd", LIMIT: null }, inputDirectory: "/in" },
    splits: [
      {
        ...{ file: "a.csv", start: 10, end: 20, resume: "8:2" },
        further: [{ file: "b.csv", start: 0, end: 9, resume: "8:0" }],
      },
    ],
  },
  workerJoined: { type: "workerJoined", atMs: 1, worker: 3, pid: 123 },
  workerLeft: { type: "workerLeft", atMs: 1, worker: 3 },
  workerRefused: { type: "workerRefused", atMs: 1, pid: 123, reason: "it has another app" },
  attemptStarted: { type: "attemptStarted", atMs: 1, ...ATTEMPT, isBackup: true },
  attemptProgressed: { type: "attemptProgressed", atMs: 1, ...ATTEMPT, progress: PROGRESS },
  attemptCompleted: { type: "attemptCompleted", atMs: 1, ...ATTEMPT, ...FIGURES },
  attemptFailed: { type: "attemptFailed", atMs: 1, ...ATTEMPT, failure: FAILURE },
  attemptBlocked: { type: "attemptBlocked", atMs: 1, ...ATTEMPT, failure: FAILURE },
  attemptLost: { type: "attemptLost", atMs: 1, ...ATTEMPT, reason: "workerGone" },
  attemptSuperseded: { type: "attemptSuperseded", atMs: 1, ...ATTEMPT, by: 2 },
  taskReopened: { type: "taskReopened", atMs: 1, phase: "map", task: 2 },
  taskRestored: { type: "taskRestored", atMs: 1, phase: "reduce", task: 2, ...FIGURES },
  phaseStarted: { type: "phaseStarted", atMs: 1, phase: "reduce" },
  journalFailed: { type: "journalFailed", atMs: 1, message: "the disk is full" },
  typesNotChecked: { type: "typesNotChecked", atMs: 0, message: "error TS5083" },
  eventLogFailed: { type: "eventLogFailed", atMs: 1, message: "the disk is full" },
  jobEnded: { type: "jobEnded", atMs: 1, outcome: { state: "failed", failure: FAILURE } },
};

describe("parseEvent", () => {
  it.each(Object.values(EVENTS))("reads $type as it was written", (event) => {
    expect(parseEvent(JSON.stringify(event))).toEqual(event);
  });

  it("reads events without their optional members", () => {
    const attempt = {
      type: "attemptCompleted",
      atMs: 1,
      ...ATTEMPT,
      outputBytes: [],
      counters: {},
    };
    expect(parseEvent(JSON.stringify(attempt))).toEqual(attempt);
  });

  it.each(["completed", "cancelled"])("reads the end of a job that is %s", (state) => {
    const outcome = state === "completed" ? { state } : { state, reason: "interrupted" };
    const event = { type: "jobEnded", atMs: 1, outcome };
    expect(parseEvent(JSON.stringify(event))).toEqual(event);
  });
});
