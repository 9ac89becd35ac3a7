import { describe, expect, it } from "vitest";
import { RemainingWork } from "../../../src/mr/engines/local/remaining-work.ts";

const SPLITS = [0, 1, 2, 3].map((index) => ({ file: `${index}.txt`, start: 0, end: 1 }));

/** The work of a job of four map tasks and two reduce tasks, with a worker that has taken a map task. */
function startedWork(): RemainingWork {
  const work = new RemainingWork();
  work.onEvent({ type: "jobPlanned", app: "wc", splits: SPLITS, reduces: 2, atMs: 0 });
  start(work, "map", 0, 10);
  return work;
}

function start(work: RemainingWork, phase: "map" | "reduce", task: number, atMs: number): void {
  const attempt = { phase, task, attempt: 1, worker: 1, isBackup: false };
  work.onEvent({ type: "attemptStarted", ...attempt, atMs });
}

function complete(work: RemainingWork, phase: "map" | "reduce", task: number, atMs: number): void {
  const attempt = { phase, task, attempt: 1, worker: 1 };
  work.onEvent({ type: "attemptCompleted", ...attempt, outputBytes: [], counters: {}, atMs });
}

describe("RemainingWork", () => {
  it("is unknown, and so infinite, before a task is completed", () => {
    expect(startedWork().ms).toBe(Infinity);
  });

  it("takes each open task for as long as the last one of its phase, or a part of a map task", () => {
    const work = startedWork();
    complete(work, "map", 0, 110);
    expect(work.ms).toBe(3 * 100 + 2 * 25);
    start(work, "map", 1, 110);
    complete(work, "map", 1, 150);
    expect(work.ms).toBe(2 * 40 + 2 * 10);
    work.onEvent({ type: "taskReopened", phase: "map", task: 0, atMs: 151 });
    expect(work.ms).toBe(3 * 40 + 2 * 10);
  });

  it("is nothing when every open task is running", () => {
    const work = startedWork();
    for (const task of [0, 1, 2, 3]) {
      start(work, "map", task, 10);
      complete(work, "map", task, 20);
    }
    start(work, "reduce", 0, 20);
    complete(work, "reduce", 0, 25);
    expect(work.ms).toBe(5);
    start(work, "reduce", 1, 30);
    expect(work.ms).toBe(0);
  });

  it("counts tasks that were restored from an earlier session as done", () => {
    const work = new RemainingWork();
    work.onEvent({ type: "jobPlanned", app: "wc", splits: SPLITS, reduces: 1, atMs: 0 });
    for (const task of [0, 1, 2, 3]) {
      work.onEvent({
        type: "taskRestored",
        phase: "map",
        task,
        outputBytes: [],
        counters: {},
        atMs: 0,
      });
    }
    start(work, "reduce", 0, 5);
    expect(work.ms).toBe(0);
  });
});
