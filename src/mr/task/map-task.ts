import { readFile, stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { LoadedApp } from "../app/load-app.ts";
import { describeCause, MrError } from "../errors.ts";
import { MapOutput } from "../shuffle/map-output.ts";
import type { PendingFile } from "../storage/pending-file.ts";
import { AppError, describeValue } from "./app-error.ts";
import type { ProgressMeter } from "./progress.ts";

/** V8's longest string, in UTF-16 units; UTF-8 text never has more units than bytes. */
const MAX_STRING_UNITS = 536_870_888;

export interface MapTask {
  readonly task: number;
  /** What to read; `file` is the input as the user named it, which is also what `map` gets. */
  readonly split: { readonly file: string; readonly start: number; readonly end: number };
}

/** Where a task works. */
export interface TaskSite {
  /** Absolute path of the job directory. */
  readonly directory: string;
  readonly reduces: number;
  /** Tells this attempt's temporary files from those of all others. */
  readonly tag: string;
  readonly progress: ProgressMeter;
}

/**
 * Runs `map` over one input file and leaves its output under temporary names.
 *
 * @returns one file per reduce task, in their order, each still to be finished and committed
 * @throws AppError when the app throws, or emits what is not a pair of strings
 * @throws MrError when the input cannot be read or the output cannot be written
 */
export async function runMapTask(
  { task, split: { file } }: MapTask,
  { name, app }: LoadedApp,
  { directory, reduces, tag, progress }: TaskSite,
): Promise<PendingFile[]> {
  const contents = await readInput(file, directory);
  progress.addBytes(contents.length);
  const output = new MapOutput();
  let pairs = 0;
  try {
    for await (const pair of await app.map(file, contents)) {
      pairs += 1;
      checkPair(pair, pairs);
      output.emit(pair.key, pair.value);
      progress.addRecords(1);
    }
  } catch (error) {
    throw new AppError(`map of ${name} failed on "${file}"`, error);
  }
  return output.write(directory, task, reduces, tag);
}

async function readInput(file: string, directory: string): Promise<string> {
  const path = resolve(directory, file);
  try {
    const { size } = await stat(path);
    if (size > MAX_STRING_UNITS) {
      throw new MrError(
        `it has ${size} bytes, and a file read as one text may have ${MAX_STRING_UNITS}`,
      );
    }
    return await readFile(path, "utf8");
  } catch (error) {
    throw new MrError(`Cannot read input "${file}": ${describeCause(error)}`);
  }
}

function checkPair(pair: unknown, position: number): void {
  if (typeof pair !== "object" || pair === null) {
    throw new TypeError(`pair ${position} is ${describeValue(pair)}, not a { key, value }`);
  }
  const { key, value } = pair as { key?: unknown; value?: unknown };
  if (typeof key !== "string") {
    throw new TypeError(`the key of pair ${position} is ${describeValue(key)}, not a string`);
  }
  if (typeof value !== "string") {
    throw new TypeError(`the value of pair ${position} is ${describeValue(value)}, not a string`);
  }
}
