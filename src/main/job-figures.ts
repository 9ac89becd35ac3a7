import type { Phase } from "../mr/job/task.ts";
import type { JobView } from "../mr/watch/history/job-view.ts";

/**
 * A job in numbers, as `tsmr run --json` prints them. Names and units are part of its interface, which
 * docs/library.md explains.
 */
export function jobFigures(view: JobView) {
  const { app, workers } = view;
  return { app, workers: workers.size, map: figuresOf("map"), reduce: figuresOf("reduce") };

  function figuresOf(phase: Phase) {
    const tasks = view.tasks(phase);
    const attempts = view.attempts.filter((attempt) => attempt.phase === phase);
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
