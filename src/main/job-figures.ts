import type { JobEvent } from "../mr/job/events.ts";
import type { Phase } from "../mr/job/task.ts";
import { JobView } from "../mr/watch/history/job-view.ts";

/** A phase in numbers, as `tsmr run --json` prints it. docs/library.md explains each of them. */
interface PhaseFigures {
  readonly tasks: number;
  readonly attempts: number;
  readonly failedAttempts: number;
  readonly lostAttempts: number;
  readonly supersededAttempts: number;
  readonly records: number;
  readonly bytes: number;
  readonly cpuMs: number;
  readonly outputBytes: number;
  readonly spills: number;
}

/** Sums up a job in numbers, from its events. */
export class JobFigures {
  readonly #view: JobView;

  /** @param view what is known of the job already */
  constructor(view: JobView = new JobView()) {
    this.#view = view;
  }

  /** Applies the next event. */
  apply(event: JobEvent): void {
    this.#view.apply(event);
  }

  /** Names and units are part of the interface of `--json`. */
  get summary() {
    const { app, workers } = this.#view;
    return { app, workers: workers.size, map: this.#of("map"), reduce: this.#of("reduce") };
  }

  #of(phase: Phase): PhaseFigures {
    const tasks = this.#view.tasks(phase);
    const attempts = this.#view.attempts.filter((attempt) => attempt.phase === phase);
    const ended = (...ends: readonly unknown[]) => {
      return attempts.filter(({ end }) => ends.includes(end)).length;
    };
    let [records, bytes, cpuMs, outputBytes, spills] = [0, 0, 0, 0, 0];
    for (const task of tasks) {
      records += task.progress?.records ?? 0;
      bytes += task.progress?.bytes ?? 0;
      cpuMs += task.progress?.cpuMs ?? 0;
      for (const length of task.outputBytes) outputBytes += length;
      spills += task.spills;
    }
    return {
      tasks: tasks.length,
      attempts: attempts.length,
      failedAttempts: ended("failed", "blocked"),
      lostAttempts: ended("leaseEnded", "workerGone"),
      supersededAttempts: ended("superseded"),
      ...{ records, bytes, cpuMs: Math.round(cpuMs), outputBytes, spills },
    };
  }
}
