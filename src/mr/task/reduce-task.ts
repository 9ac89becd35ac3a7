import { join } from "node:path";
import type { LoadedApp } from "../app/load-app.ts";
import { reduceOutputName } from "../names.ts";
import { type MergedGroup, mergeRuns } from "../shuffle/merge.ts";
import { readRun } from "../shuffle/run-reader.ts";
import { type FileSummary, PendingFile } from "../storage/pending-file.ts";
import { encodeUtf8 } from "../utf8.ts";
import { AppError, describeValue } from "./app-error.ts";
import type { TaskSite } from "./map-task.ts";

const SPACE = Buffer.from(" ");

export interface ReduceTask {
  readonly task: number;
  /** The outputs of all map tasks for this reduce task, in the order of the map tasks. */
  readonly sources: readonly FileSummary[];
}

/**
 * Merges the map outputs of one reduce task, runs `reduce` over each key in the order of the keys'
 * bytes, and leaves the lines `key SPACE result` under a temporary name.
 *
 * @returns the one file, still to be finished and committed
 * @throws AppError when the app throws, or returns what is not a string
 * @throws DamagedRunError when a map output is not what its map task reported
 * @throws MrError when the output cannot be written
 */
export async function runReduceTask(
  { task, sources }: ReduceTask,
  loaded: LoadedApp,
  { directory, tag, progress }: TaskSite,
): Promise<PendingFile[]> {
  const runs = sources.map((source) => readRun(join(directory, source.name), source));
  const file = new PendingFile(directory, reduceOutputName(task), tag);
  try {
    for (const group of mergeRuns(runs)) {
      progress.addRecords(group.values.length);
      const result = await reduceGroup(group, loaded);
      file.write(group.bytes);
      file.write(SPACE);
      file.write(encodeUtf8(`${result}\n`));
    }
  } catch (error) {
    file.discard();
    throw error;
  }
  return [file];
}

async function reduceGroup(group: MergedGroup, { name, app }: LoadedApp): Promise<string> {
  try {
    const result: unknown = await app.reduce(group.key, group.values);
    if (typeof result === "string") return result;
    throw new TypeError(`it returned ${describeValue(result)}, not a string`);
  } catch (error) {
    throw new AppError(`reduce of ${name} failed on key ${JSON.stringify(group.key)}`, error);
  }
}
