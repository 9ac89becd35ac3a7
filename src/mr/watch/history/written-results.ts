import { join } from "node:path";
import { MrError } from "../../base/errors.ts";
import { MERGED_OUTPUT_NAME, reduceOutputName } from "../../job/names.ts";
import type { OutputFile } from "../../job/task.ts";
import type { JobHistory } from "./job-history.ts";

/**
 * The results of a complete job as they were written, by reduce task.
 *
 * @param directory full path, for messages
 * @throws MrError `HISTORY_UNREADABLE` when the event log does not tell of all of them
 */
export function writtenResults(directory: string, { last }: JobHistory): OutputFile[] {
  return last.view.tasks("reduce").map(({ outputBytes: [bytes], crc32, lines }, reduce) => {
    const name = reduceOutputName(reduce);
    if (bytes !== undefined && crc32 !== undefined) return { name, bytes, crc32, lines };
    throw cutHistory(`length and checksum of result "${join(directory, name)}"`);
  });
}

/**
 * The output of a complete job as it was written: its results, or the merged file that has replaced them.
 *
 * @returns undefined for a job that is not complete, and for one whose event log does not tell what was written
 */
export function writtenOutput(history: JobHistory): OutputFile[] | undefined {
  const { last, merged } = history;
  if (last.view.outcome?.state !== "completed") return undefined;
  if (merged !== undefined) {
    return [{ name: MERGED_OUTPUT_NAME, bytes: merged.bytes, crc32: merged.crc32 }];
  }
  try {
    return writtenResults(last.view.directory, history);
  } catch {
    // An earlier version of this package has written it.
    return undefined;
  }
}

/** @param what the event log does not have */
export function cutHistory(what: string): MrError {
  const why = "it was cut, or an earlier version of this package has written it";
  return new MrError("HISTORY_UNREADABLE", `The event log does not have ${what}: ${why}`);
}
