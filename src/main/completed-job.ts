import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { JobResult } from "../mr/engines/run-job.ts";
import {
  JOURNAL_NAME,
  MERGED_OUTPUT_NAME,
  parseReduceOutputName,
  reduceOutputName,
} from "../mr/job/names.ts";
import { sweepTemporaryFiles } from "../mr/storage/file/job-directory.ts";
import { readHistory } from "../mr/watch/history/job-history.ts";
import { JobView } from "../mr/watch/history/job-view.ts";

/** A job of which only what is to be done with its output is left to do. */
export interface CompletedJob {
  readonly result: JobResult;
  readonly view: JobView;
}

/**
 * What a job that is complete has come to, as its event log says: when its output could not be merged, that
 * can be made up for.
 *
 * @param directory absolute path of the job directory
 * @returns undefined when there is no such job
 */
export async function completedJob(directory: string): Promise<CompletedJob | undefined> {
  const names = namesIn(directory);
  // The journal is removed when all results are there.
  if (names.includes(JOURNAL_NAME)) return undefined;
  const count = names.filter((name) => parseReduceOutputName(name) !== undefined).length;
  const isMerged = names.includes(MERGED_OUTPUT_NAME);
  // What is merged takes the place of all others; where it does not, nobody knows which are the job's.
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
    // Why it can't be resumed, the job itself says.
    return [];
  }
}
