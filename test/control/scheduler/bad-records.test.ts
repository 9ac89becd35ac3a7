// Tests when the scheduler ends a job because of its bad records.

import { describe, expect, it } from "vitest";
import { Scheduler } from "../../../src/mr/control/scheduler/scheduler.ts";
import type { Effect } from "../../../src/mr/control/scheduler/types.ts";
import type { Phase, TaskResult } from "../../../src/mr/job/task.ts";

function newScheduler(maxBadRecords: number | `${number}%` | undefined): Scheduler {
  return new Scheduler({
    ...{ maps: 2, reduces: 2, leaseMs: 1000, taskTimeoutMs: Infinity },
    ...{ maxFailures: 1, maxLosses: 1, maxBackups: 0, maxBadRecords },
  });
}

function resultOf(read: number, bad: number): TaskResult {
  const records = { read, bad: bad === 0 ? {} : { "no-text": bad } };
  return { outputs: [], counters: {}, records };
}

/** Lets worker 1 do the next task. @returns what follows from its completion */
function doNext(scheduler: Scheduler, read: number, bad: number): Effect[] {
  const [assigned] = scheduler.step({ type: "request", worker: 1 }, 0);
  if (assigned?.type !== "assign") throw new Error("There is no task");
  const { phase, task, attempt } = assigned;
  const id = { phase, task, attempt };
  scheduler.step({ type: "commit", ...id }, 0);
  return scheduler.step({ type: "complete", ...id, result: resultOf(read, bad) }, 0);
}

function typesOf(effects: readonly Effect[]): string[] {
  return effects.map(({ type }) => type);
}

describe("the scheduler", () => {
  it("F57 fails a job at the end of its map phase, whichever task has the bad records", () => {
    for (const [one, other] of [
      [10, 9],
      [9, 10],
    ] as const) {
      const scheduler = newScheduler("90%");
      expect(typesOf(doNext(scheduler, 10, one))).toEqual(["verdict", "completed"]);
      const effects = doNext(scheduler, 10, other);
      expect(typesOf(effects)).toEqual(["verdict", "completed", "ended"]);
      expect(scheduler.outcome).toMatchObject({
        state: "failed",
        reason: { type: "badRecords", records: { read: 20, bad: 19 }, counters: { "no-text": 19 } },
      });
      expect(typesOf(scheduler.step({ type: "request", worker: 2 }, 0))).toEqual(["dismiss"]);
    }
  });

  it("F57 looks at keys when all reduce tasks are completed, not at some of them", () => {
    const scheduler = newScheduler("50%");
    doNext(scheduler, 10, 5);
    expect(typesOf(doNext(scheduler, 10, 5))).toContain("phaseStarted");
    doNext(scheduler, 1, 1);
    expect(scheduler.outcome).toBeUndefined();
    doNext(scheduler, 1, 0);
    expect(scheduler.outcome).toEqual({ state: "completed" });
    const failing = newScheduler("50%");
    for (const bad of [5, 5, 1]) doNext(failing, 10, bad);
    doNext(failing, 1, 1);
    expect(failing.outcome).toEqual({ state: "completed" });
    const worse = newScheduler("50%");
    for (const bad of [5, 5, 10, 1]) doNext(worse, 10, bad);
    expect(worse.outcome).toMatchObject({
      state: "failed",
      reason: { keys: { read: 20, bad: 11 } },
    });
  });

  it("F57 fails a job that is resumed with too many of them, before a task is handed out", () => {
    const scheduler = newScheduler(3);
    const completed = [0, 1].map((task) => {
      return { phase: "map" as Phase, task, attempt: 1, result: resultOf(10, 2) };
    });
    scheduler.step({ type: "resume", completed }, 0);
    expect(scheduler.outcome).toMatchObject({ state: "failed", reason: { type: "badRecords" } });
  });

  it("completes a job without a limit, and one whose workers do not count", () => {
    const unlimited = newScheduler(undefined);
    for (let task = 0; task < 4; task++) doNext(unlimited, 10, 10);
    expect(unlimited.outcome).toEqual({ state: "completed" });
    const uncounted = newScheduler(0);
    const completed = (["map", "reduce"] as const).flatMap((phase) => {
      return [0, 1].map((task) => {
        return { phase, task, attempt: 1, result: { outputs: [], counters: {} } };
      });
    });
    uncounted.step({ type: "resume", completed }, 0);
    expect(uncounted.outcome).toEqual({ state: "completed" });
  });
});
