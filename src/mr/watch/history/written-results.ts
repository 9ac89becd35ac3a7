import { join } from "node:path";
import { MrError } from "../../base/errors.ts";
import { reduceOutputName } from "../../job/names.ts";
import type { OutputFile } from "../../job/task.ts";
import type { JobHistory } from "./job-history.ts";

/**
 * The results of a complete job as they were written, by reduce task.
 *
 * @param directory full path, for messages
 * @throws MrError `HISTORY_UNREADABLE` when the event log does not tell of all of them
 */
export function writtenResults(directory: string, { last }: JobHistory): OutputFile[] {
  return last.view.tasks("reduce").map(({ outputBytes: [bytes], crc32 }, reduce) => {
    const name = reduceOutputName(reduce);
    if (bytes !== undefined && crc32 !== undefined) return { name, bytes, crc32 };
    throw cutHistory(`length and checksum of result "${join(directory, name)}"`);
  });
}

/** @param what the event log does not have */
export function cutHistory(what: string): MrError {
  const why = "it was cut, or an earlier version of this package has written it";
  return new MrError("HISTORY_UNREADABLE", `The event log does not have ${what}: ${why}`);
}
