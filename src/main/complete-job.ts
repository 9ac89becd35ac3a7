import { readdirSync } from "node:fs";
import { join } from "node:path";
import { MrError } from "../mr/base/errors.ts";
import type { HeldDirectory } from "../mr/base/held-directory.ts";
import { lockDirectory } from "../mr/control/log/directory-lock.ts";
import type { LineFile } from "../mr/data/output/line-reader.ts";
import { sumOfLines } from "../mr/data/output/merge-outputs.ts";
import type { JobResult } from "../mr/engines/run-job.ts";
import { isResultName, MERGED_OUTPUT_NAME, parseReduceOutputName } from "../mr/job/names.ts";
import type { OutputFile } from "../mr/job/task.ts";
import { checkFile } from "../mr/storage/check-file.ts";
import { hasJobLog, storageFor, sweepTemporaryFiles } from "../mr/storage/registry.ts";
import { type JobHistory, readHistory } from "../mr/watch/history/job-history.ts";
import type { JobView } from "../mr/watch/history/job-view.ts";
import { cutHistory, writtenResults } from "../mr/watch/history/written-results.ts";
import { checkSameJob, type NamedJob } from "./same-job.ts";

/** A job that was complete before. This command merges or searches its output. */
interface CompleteJob {
  readonly result: JobResult;
  readonly files: readonly LineFile[];
  readonly view: JobView;
}

/**
 * Reads the result of a complete job from its event log, which says what each result is, so that its output can be
 * merged or searched later if that failed. If the job was interrupted after it had merged its results, the
 * remaining ones are removed.
 *
 * @param directory absolute path of the job directory
 * @param named the job that is meant
 * @returns undefined when there is no such job
 * @throws MrError `RESUME_MISMATCH` when it is another job; `OUTPUT_UNREADABLE` when a result is missing or not what
 *   was written; `OUTPUT_EXISTS` when a file has the name of one and is none; `JOB_IN_USE`; `HISTORY_UNREADABLE`
 */
export async function completeJob(
  directory: string,
  named: NamedJob,
): Promise<CompleteJob | undefined> {
  if (!namesIn(directory).some(isResultName)) return undefined;
  const lock = await lockDirectory(directory);
  try {
    const names = namesIn(directory).filter(isResultName);
    // The log is removed when all results are there.
    if (names.length === 0 || hasJobLog(directory)) return undefined;
    sweepTemporaryFiles(lock.directory);
    const history = await readHistory(directory);
    const { plan } = history.last.view;
    if (plan === undefined || plan.app === null)
      throw cutHistory("the app and the tasks of the job");
    await checkSameJob(directory, plan, named);
    const results = writtenResults(directory, history);
    const found = names.includes(MERGED_OUTPUT_NAME)
      ? await settleMerged(lock.directory, names, results, history)
      : results;
    for (const file of found) await checkFile(storageFor(directory), directory, file);
    const { view, endMs } = history.last;
    const files = found.map((file) => ({ path: join(directory, file.name), written: file }));
    const outputs = files.map(({ path }) => path);
    const { counters } = view;
    return {
      result: { outputs, counters, skipped: history.skipped, elapsedMs: endMs },
      files,
      view,
    };
  } finally {
    lock.unlock();
  }
}

/**
 * Removes the results that a merged file has replaced, if that and they are of this job. If the merged file is not
 * what was written, it is removed instead, as long as all results are there.
 *
 * @returns what is there in the end: the merged file, or the results
 */
async function settleMerged(
  held: HeldDirectory,
  names: readonly string[],
  results: readonly OutputFile[],
  { merged }: JobHistory,
): Promise<readonly OutputFile[]> {
  const { path: directory } = held;
  const path = join(directory, MERGED_OUTPUT_NAME);
  if (merged === undefined) {
    const why = "the event log does not say that the results were merged";
    throw new MrError("OUTPUT_EXISTS", `File "${path}" is in the way of the merged output: ${why}`);
  }
  const storage = storageFor(directory);
  const lines = sumOfLines(results.map((written) => ({ written })));
  const file = { name: MERGED_OUTPUT_NAME, bytes: merged.bytes, crc32: merged.crc32, lines };
  const rest = names.filter((name) => name !== MERGED_OUTPUT_NAME);
  try {
    await checkFile(storage, directory, file);
  } catch (error) {
    for (const result of results) {
      await checkFile(storage, directory, result).catch(() => {
        throw error;
      });
    }
    held.check();
    held.remove(MERGED_OUTPUT_NAME);
    return results;
  }
  for (const name of rest) {
    const result = results[parseReduceOutputName(name) ?? -1];
    if (result !== undefined) await checkFile(storage, directory, result);
    else
      throw new MrError(
        "OUTPUT_EXISTS",
        `File "${join(directory, name)}" is no result of this job`,
      );
  }
  // If the path leads to another directory now, the files that were checked may be those of the other one.
  held.check();
  for (const name of rest) held.remove(name);
  return [file];
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    // The job itself reports why it can't be resumed.
    return [];
  }
}
