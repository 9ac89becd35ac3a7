import { describe, expect, it } from "vitest";
import type { JobEvent, UntimedDecidedEvent, UntimedEvent } from "../../../src/mr/job/events.ts";
import { taskInput } from "../../../src/mr/job/split.ts";
import type { JobFailure } from "../../../src/mr/job/task.ts";
import { EventDescriber } from "../../../src/mr/watch/format/describe-event.ts";
import { describeJobFailure, withMessages } from "../../../src/mr/watch/format/describe-failure.ts";

const SPLITS = [0, 1, 2, 3].map((task) => ({ file: `f${task}`, start: 0, end: 1000 }));
const ATTEMPT = { phase: "reduce", task: 3, attempt: 2, worker: 1 } as const;
const PROGRESS = { records: 1500, bytes: 2048, cpuMs: 1 };
const COMPLETED = { ...ATTEMPT, progress: PROGRESS, outputBytes: [], counters: {} };
const FAILURE = { code: "APP_THREW", message: "no" } as const;

/** The lines about events, with a sign for their level. */
function lines(events: readonly UntimedEvent[]): string[] {
  const describer = new EventDescriber();
  const signs = { detail: "-", notice: " ", warning: "!" };
  return events
    .flatMap((event) => describer.describe({ ...event, atMs: 0 } as JobEvent))
    .map(({ level, text }) => `${signs[level]} ${text}`);
}

describe("the lines about events", () => {
  it("tell in detail of what goes well, and warn of what does not", () => {
    const told: UntimedEvent[] = [
      // How inputs are split is not known before the app is.
      { type: "jobPlanned", app: null, splits: SPLITS, reduces: 1 },
      { type: "jobPlanned", app: "wc.ts", splits: SPLITS, reduces: 1 },
      { type: "workerJoined", worker: 1, pid: 7 },
      { type: "workerRefused", pid: 8, reason: "it has another app" },
      { type: "phaseStarted", phase: "reduce" },
      { type: "attemptStarted", ...ATTEMPT, isBackup: true },
      { type: "attemptProgressed", ...ATTEMPT, progress: PROGRESS },
      { type: "attemptCompleted", ...COMPLETED },
      { type: "attemptFailed", ...ATTEMPT, failure: FAILURE },
      { type: "attemptFailed", ...ATTEMPT, failure: { ...FAILURE, code: "USAGE" } },
      { type: "attemptBlocked", ...ATTEMPT, failure: { ...FAILURE, message: "mr-0-3 is torn" } },
      { type: "attemptLost", ...ATTEMPT, reason: "leaseEnded" },
      { type: "attemptLost", ...ATTEMPT, reason: "workerGone" },
      { type: "taskReopened", phase: "map", task: 2 },
      { type: "taskRestored", ...COMPLETED },
      { type: "workerLeft", worker: 1 },
      { type: "attemptLost", ...ATTEMPT, reason: "workerGone" },
      { type: "journalFailed", message: "Cannot write" },
      { type: "jobEnded", outcome: { state: "cancelled", reason: "lunch" } },
    ];
    const attempt = "reduce task 3, attempt 2,";
    expect(lines(told)).toEqual([
      "- 4 map tasks and 1 reduce task for wc.ts",
      "- worker 1 (pid 7) has joined",
      "! Refused a worker (pid 8): it has another app",
      "  All map tasks are done, the reduce tasks begin",
      `- ${attempt} starts as a backup on worker 1`,
      "- reduce task 3, attempt 2, is completed: 1,500 records, 2.05 kB read",
      `! ${attempt} failed on worker 1 (pid 7): no`,
      `! ${attempt} stopped on worker 1 (pid 7): mr-0-3 is torn`,
      `! ${attempt} is lost: worker 1 (pid 7) made no progress within its lease`,
      `! ${attempt} is lost: worker 1 (pid 7) is gone`,
      "! map task 2 runs again: its output is missing or damaged",
      "- reduce task 3 was completed before",
      "- worker 1 has left",
      `! ${attempt} is lost: worker 1 is gone`,
      "! Cannot write",
    ]);
  });

  it("say of an attempt that another one has overtaken whether it was slow or came second", () => {
    const superseded = { type: "attemptSuperseded", phase: "map", task: 2, worker: 3 } as const;
    expect(lines([{ ...superseded, attempt: 1, by: 2 }])).toEqual([
      "! map task 2, attempt 1, on worker 3 was too slow: another attempt has finished",
    ]);
    expect(lines([{ ...superseded, attempt: 2, by: 1 }])).toEqual([
      "! map task 2, attempt 2, on worker 3 was not needed: an earlier attempt has finished",
    ]);
  });

  it("list the skipped records of a task once, and count all of them at the end", () => {
    const skipped = [{ file: "a.csv", place: "line 3", reason: "a column is missing" }];
    const counters = { "skipped-records": 5 };
    const first = {
      type: "attemptCompleted",
      ...COMPLETED,
      phase: "map",
      counters,
      skipped,
    } as const;
    const told: UntimedEvent[] = [
      first,
      { type: "taskReopened", phase: "map", task: 3 },
      { ...first, attempt: 3 },
      { type: "taskRestored", ...COMPLETED, counters: { "skipped-records": 2 } },
      { type: "jobEnded", outcome: { state: "completed" } },
    ];
    expect(lines(told).filter((line) => /^!.*[Ss]kipped/.test(line))).toEqual([
      "! Skipped record: a.csv line 3: a column is missing",
      "! Bad records skipped: 7, 1 of them listed above",
    ]);
  });
});

describe("the message of a failed job", () => {
  const splits = [
    { file: "a", start: 0, end: 10 },
    { file: "a", start: 10, end: 20 },
    { file: "b", start: 0, end: 5 },
    { file: "c", start: 0, end: 5, further: [{ file: "d", start: 0, end: 5 }] },
  ];
  const task = (map: number) =>
    ({ phase: "map", task: map, input: taskInput(splits, map) }) as const;
  const timeout = { code: "TASK_TIMED_OUT", timeoutMs: 1500 } as const;

  it.each<[string, string, JobFailure]>([
    ["no", "APP_THREW", { type: "usage", failure: FAILURE }],
    [
      "Map task 1 failed 4 times: no",
      "APP_THREW",
      { type: "failedTooOften", ...task(1), count: 4, last: FAILURE },
    ],
    [
      'Map task 1 (bytes 10 to 20 of "a") failed once: it ran longer than the task timeout of 1.5 s',
      "TASK_TIMED_OUT",
      { type: "failedTooOften", ...task(1), count: 1, last: timeout },
    ],
    [
      'Map task 2 ("b") was lost 2 times: the last time, its worker died',
      "TASK_LOST",
      { type: "lostTooOften", ...task(2), count: 2, last: "workerGone" },
    ],
    [
      'Map task 3 ("c" and another file) was lost once: the last time, its output was missing or damaged',
      "TASK_LOST",
      { type: "lostTooOften", ...task(3), count: 1, last: "outputLost" },
    ],
    [
      "Reduce task 0 was lost once: the last time, its worker made no progress for the time of a lease. An app that waits that long calls context.progress() meanwhile; for a wait that blocks, such as execFileSync(), the job gets a longer --lease",
      "TASK_LOST",
      { type: "lostTooOften", phase: "reduce", task: 0, count: 1, last: "leaseEnded" },
    ],
  ])("is: %s", (message, code, reason) => {
    expect(describeJobFailure(reason)).toMatchObject({ code, message });
  });

  it("is in the events that people get, and so is that of an attempt that ran too long", () => {
    const told: UntimedDecidedEvent[] = [
      { type: "attemptFailed", ...ATTEMPT, failure: timeout },
      {
        type: "jobEnded",
        outcome: { state: "failed", reason: { type: "usage", failure: FAILURE } },
      },
    ];
    const message = "it ran longer than the task timeout of 1.5 s";
    expect(told.map((event) => withMessages({ ...event, atMs: 1 }))).toEqual([
      { type: "attemptFailed", ...ATTEMPT, failure: { code: "TASK_TIMED_OUT", message }, atMs: 1 },
      { type: "jobEnded", outcome: { state: "failed", failure: FAILURE }, atMs: 1 },
    ]);
  });
});
