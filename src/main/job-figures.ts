import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { MrError } from "../mr/base/errors.ts";
import { lockDirectory } from "../mr/control/log/directory-lock.ts";
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
 * that failed. The event log says which results there must be. If the job was interrupted after it had merged them,
 * the remaining ones are removed.
 *
 * @param directory absolute path of the job directory
 * @returns undefined when there is no such job
 * @throws MrError `OUTPUT_UNREADABLE` when a result is missing or cut; `JOB_IN_USE`; `HISTORY_UNREADABLE`
 */
export async function completedJob(
  directory: string,
): Promise<{ readonly result: JobResult; readonly view: JobView } | undefined> {
  if (!namesIn(directory).some(isResult)) return undefined;
  const unlock = await lockDirectory(directory);
  try {
    const names = namesIn(directory).filter(isResult);
    // The log is removed when all results are there.
    if (names.length === 0 || existsSync(join(directory, JOB_LOG_NAME))) return undefined;
    sweepTemporaryFiles(directory);
    const isMerged = names.includes(MERGED_OUTPUT_NAME);
    const history = await readHistory(directory).catch((error: unknown) => {
      // A merged file is the only result.
      if (isMerged && names.length === 1) return undefined;
      throw error;
    });
    const view = history?.last.view ?? new JobView();
    const sizes = view.tasks("reduce").map(({ outputBytes }) => outputBytes[0] ?? 0);
    if (isMerged && names.length > 1 && !removeMerged(directory, names, sizes)) return undefined;
    if (!isMerged) checkSizes(directory, sizes);
    const results = isMerged
      ? [MERGED_OUTPUT_NAME]
      : sizes.map((_, reduce) => reduceOutputName(reduce));
    return {
      view,
      result: {
        outputs: results.map((name) => join(directory, name)),
        counters: view.counters,
        skipped: history?.skipped ?? [],
        elapsedMs: history?.last.endMs ?? 0,
      },
    };
  } finally {
    unlock();
  }
}

function isResult(name: string): boolean {
  return parseReduceOutputName(name) !== undefined || name === MERGED_OUTPUT_NAME;
}

/**
 * Removes the results that are merged already, if the merged file has all of them: lines only change their places.
 *
 * @returns false if it is unknown which of them belong to the job
 */
function removeMerged(
  directory: string,
  names: readonly string[],
  sizes: readonly number[],
): boolean {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const merged = sizeOf(directory, MERGED_OUTPUT_NAME) ?? -1;
  // The last line of each result gets a line feed if it has none.
  if (merged < total || merged > total + sizes.length) return false;
  const rest = names.filter((name) => name !== MERGED_OUTPUT_NAME);
  const isOurs = rest.every((name) => {
    return sizeOf(directory, name) === sizes[parseReduceOutputName(name) ?? -1];
  });
  if (isOurs) for (const name of rest) rmSync(join(directory, name), { force: true });
  return isOurs;
}

function checkSizes(directory: string, sizes: readonly number[]): void {
  for (const [reduce, size] of sizes.entries()) {
    const name = reduceOutputName(reduce);
    const found = sizeOf(directory, name);
    if (found === size) continue;
    const why =
      found === undefined
        ? "it is not there any more"
        : `it has ${found} bytes, and ${size} were written`;
    throw new MrError("OUTPUT_UNREADABLE", `Result "${join(directory, name)}" is lost: ${why}`);
  }
}

function sizeOf(directory: string, name: string): number | undefined {
  return statSync(join(directory, name), { throwIfNoEntry: false })?.size;
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    // The job itself reports why it can't be resumed.
    return [];
  }
}
