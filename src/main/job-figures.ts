import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { JobResult } from "../mr/engines/run-job.ts";
import {
  JOB_LOG_NAME,
  MERGED_OUTPUT_NAME,
  parseReduceOutputName,
  reduceOutputName,
} from "../mr/job/names.ts";
import type { Phase } from "../mr/job/task.ts";
import { sweepTemporaryFiles } from "../mr/storage/registry.ts";
import { readHistory } from "../mr/watch/history/job-history.ts";
import { JobView } from "../mr/watch/history/job-view.ts";

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

/**
 * Reads the result of a complete job from its event log, so that its output can be merged or searched later if
 * that failed.
 *
 * @param directory absolute path of the job directory
 * @returns undefined when there is no such job
 */
export async function completedJob(
  directory: string,
): Promise<{ readonly result: JobResult; readonly view: JobView } | undefined> {
  const names = namesIn(directory);
  // The log is removed when all results are there.
  if (names.includes(JOB_LOG_NAME)) return undefined;
  const count = names.filter((name) => parseReduceOutputName(name) !== undefined).length;
  const isMerged = names.includes(MERGED_OUTPUT_NAME);
  // A merged file replaces all others. If there are both, it is unknown which belong to the job.
  if (isMerged === count > 0) return undefined;
  const results = isMerged
    ? [MERGED_OUTPUT_NAME]
    : Array.from({ length: count }, (_, reduce) => reduceOutputName(reduce));
  if (!results.every((name) => names.includes(name))) return undefined;
  sweepTemporaryFiles(directory);
  const outputs = results.map((name) => join(directory, name));
  const history = await readHistory(directory).catch(() => undefined);
  const view = history?.last.view ?? new JobView();
  return {
    view,
    result: {
      outputs,
      counters: view.counters,
      skipped: history?.skipped ?? [],
      elapsedMs: history?.last.endMs ?? 0,
    },
  };
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    // The job itself reports why it can't be resumed.
    return [];
  }
}
