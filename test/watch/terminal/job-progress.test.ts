import { describe, expect, it } from "vitest";
import type { JobEvent, UntimedEvent } from "../../../src/mr/job/events.ts";
import { JobProgress } from "../../../src/mr/watch/terminal/job-progress.ts";

const SPLITS = [0, 1, 2, 3].map((task) => ({ file: `f${task}`, start: 0, end: 1000 }));

class Story {
  readonly progress = new JobProgress();
  nowMs = 0;

  constructor(workers: number) {
    this.tell({
      type: "jobStarted",
      directory: "/d",
      startedAt: 0,
      resumed: false,
      term: 1,
      leaseMs: 10_000,
    });
    this.tell({ type: "jobPlanned", app: "wc.ts", splits: SPLITS, reduces: 2 });
    for (let worker = 1; worker <= workers; worker++) {
      this.tell({ type: "workerJoined", worker, pid: 100 + worker });
    }
  }

  tell(event: UntimedEvent): void {
    this.progress.view.apply({ ...event, atMs: this.nowMs } as JobEvent);
  }

  run(worker: number, task: number, ms: number): number[] {
    const attempt = { phase: "map", task, attempt: 1, worker } as const;
    this.tell({ type: "attemptStarted", ...attempt, isBackup: false });
    const left = this.wait(ms);
    const progress = { records: 500, bytes: 2000, cpuMs: ms };
    this.tell({
      type: "attemptCompleted",
      ...attempt,
      progress,
      outputBytes: [1, 1],
      counters: {},
    });
    return left;
  }

  /** Lets time pass, and gives the time left as it was shown meanwhile. */
  wait(ms: number): number[] {
    const shown: number[] = [];
    for (const endMs = this.nowMs + ms; this.nowMs < endMs; this.nowMs += 125) {
      const { leftMs } = this.progress.at(this.nowMs);
      if (leftMs !== undefined) shown.push(leftMs);
    }
    return shown;
  }
}

describe("the progress of a job", () => {
  it("counts tasks, and says what each worker does", () => {
    const story = new Story(2);
    story.run(1, 0, 1000);
    const attempt = { phase: "map", task: 1, attempt: 1, worker: 2 } as const;
    story.tell({ type: "attemptStarted", ...attempt, isBackup: true });
    const state = story.progress.at(story.nowMs + 500);
    expect(state.maps).toEqual({ completed: 1, running: 1, total: 4 });
    expect(state.reduces).toEqual({ completed: 0, running: 0, total: 2 });
    expect(state.workers).toEqual([
      { worker: 1, attempt: undefined },
      {
        worker: 2,
        attempt: { phase: "map", task: 1, attempt: 1, isBackup: true, elapsedMs: 500, file: "f1" },
      },
    ]);
    story.tell({ type: "attemptLost", ...attempt, reason: "workerGone" });
    story.tell({ type: "workerLeft", worker: 2 });
    expect(story.progress.at(story.nowMs + 600)).toMatchObject({
      maps: { completed: 1, running: 0 },
      workers: [{ worker: 1, attempt: undefined }],
    });
  });

  it("has lasted since its command began, of which the coordinator has not seen the beginning", () => {
    const story = new Story(1);
    story.progress.headStartMs = 250;
    expect(story.progress.at(1000)).toMatchObject({ elapsedMs: 1250 });
  });

  it("has a speed after a second, from the last five, and never a negative one", () => {
    const story = new Story(1);
    expect(story.progress.at(0).speed).toBeUndefined();
    story.run(1, 0, 2000);
    expect(story.progress.at(2000).speed).toEqual({ recordsPerS: 250, bytesPerS: 1000 });
    story.wait(10_000);
    expect(story.progress.at(12_000).speed).toEqual({ recordsPerS: 0, bytesPerS: 0 });
    story.nowMs = 12_500;
    story.tell({ type: "taskReopened", phase: "map", task: 0 });
    expect(story.progress.at(12_600).speed).toEqual({ recordsPerS: 0, bytesPerS: 0 });
  });

  it("has a time left that goes down steadily, whatever a single task does", () => {
    const story = new Story(1);
    const shown = [
      ...story.run(1, 0, 4000),
      ...story.run(1, 1, 4500),
      ...story.run(1, 2, 1000),
      ...story.run(1, 3, 4000),
    ];
    expect(shown.length).toBeGreaterThan(40);
    expect(shown[0]).toBeLessThan(13_000);
    const jumps = shown.slice(1).map((leftMs, index) => leftMs - (shown[index] ?? 0));
    expect(Math.max(...jumps)).toBeLessThan(300);
    expect(Math.min(...jumps)).toBeGreaterThan(-1500);
  });

  it("has no time left before anything is completed, or when the job has ended", () => {
    const story = new Story(1);
    const attempt = { phase: "map", task: 0, attempt: 1, worker: 1 } as const;
    story.tell({ type: "attemptStarted", ...attempt, isBackup: false });
    expect(story.wait(5000)).toEqual([]);
    story.tell({ type: "jobEnded", outcome: { state: "completed" } });
    expect(story.progress.at(6000).leftMs).toBeUndefined();
  });
});
