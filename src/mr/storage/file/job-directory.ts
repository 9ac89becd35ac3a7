import { accessSync, constants, existsSync, readdirSync, realpathSync, statSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { makeDirectory } from "../../base/directories.ts";
import { describeCause, errorCode, MrError } from "../../base/errors.ts";
import type { HeldDirectory } from "../../base/held-directory.ts";
import type { NewJob, ResumedJob } from "../../job/job-spec.ts";
import {
  isJobFile,
  isJobOutput,
  isMapOutput,
  isTemporary,
  isTemporaryOf,
  JOB_LOG_NAME,
  MERGED_OUTPUT_NAME,
} from "../../job/names.ts";
import type { TaskId } from "../../job/task.ts";
import { schemeOf } from "../storage.ts";

/** The members of a job that its directory depends on. */
type Place = Pick<NewJob | ResumedJob, "directory" | "inputDirectory" | "inputs">;

/**
 * Makes the directory of a new job, or finds that of a job to be resumed. Its contents are not looked at.
 *
 * @returns the directories that were made, the outermost first
 * @throws MrError naming the directory
 */
export function makeJobDirectory({
  resume,
  directory,
}: Pick<NewJob | ResumedJob, "resume" | "directory">): string[] {
  if (!resume) return attempt("use output", directory, () => makeDirectory(directory));
  if (existsSync(directory)) return [];
  throw new MrError(
    "RESUME_NOTHING",
    `There is no job to resume in directory "${directory}": it does not exist`,
  );
}

/** Whether a job has begun in a directory and is not complete, or may be running there. */
export function hasJobLog(directory: string): boolean {
  return existsSync(join(directory, JOB_LOG_NAME));
}

export function hasDirectory(path: string): boolean {
  return existsSync(path);
}

/**
 * Remembers which directory has a path.
 *
 * @returns a function that says whether the path still leads to that directory
 */
export function directoryGuard(path: string): () => boolean {
  const { dev, ino } = statSync(path, { bigint: true });
  return () => {
    try {
      const now = statSync(path, { bigint: true });
      return now.dev === dev && now.ino === ino;
    } catch {
      // It is gone, or out of reach.
      return false;
    }
  };
}

/**
 * Checks that the directory of a new job has no output of another job. Only a process that has locked the directory
 * can rely on it.
 *
 * @throws MrError naming the directory and a file in it
 */
export function checkNoOutput(directory: string): void {
  const names = attempt("use output", directory, () => readdirSync(directory));
  const result = names.find((name) => {
    return isJobOutput(name) || name === JOB_LOG_NAME || name === MERGED_OUTPUT_NAME;
  });
  if (result === undefined) return;
  // Without a log, the job is complete and cannot be resumed.
  const canResume = names.includes(JOB_LOG_NAME);
  const todo = canResume ? "remove them, or resume that job" : "or remove them";
  throw new MrError(
    "OUTPUT_EXISTS",
    `Output directory "${directory}" has files of an earlier job, such as "${result}": choose another, ${todo}`,
  );
}

/**
 * Checks that a job can write its files into its directory, and that none of its inputs is one of them. An
 * MrError names the directory or the input.
 */
export function checkJobDirectory({ directory, inputDirectory, inputs = [] }: Place): void {
  attempt("write into job", directory, () => {
    if (!statSync(directory).isDirectory()) throw new Error("it is not a directory");
    accessSync(directory, constants.W_OK | constants.X_OK);
  });
  const home = realpathSync.native(directory);
  for (const { url } of inputs) {
    if (schemeOf(url) !== undefined) continue;
    // The native function makes no lstat call for each folder of the path.
    const path = realpathSync.native(resolve(inputDirectory, url));
    if (dirname(path) === home && isJobFile(basename(path))) {
      throw new MrError(
        "OUTPUT_EXISTS",
        `Input "${url}" has the name of a file this job writes: move it, or run the job in another directory`,
      );
    }
  }
}

/**
 * Whether an input is the file at a path, or a link to it.
 *
 * @param path absolute, of a file that need not exist, in a directory that exists
 * @param url of an input that exists
 */
export function isSameFile(path: string, url: string, inputDirectory: string): boolean {
  if (schemeOf(url) !== undefined) return false;
  const input = resolve(inputDirectory, url);
  const place = placeOf(path);
  return placeOf(input) === place || realpathSync.native(input) === place;
}

/** A path without links, except for that of the file itself. */
function placeOf(path: string): string {
  return join(realpathSync.native(dirname(path)), basename(path));
}

/**
 * Removes the files of earlier jobs in a directory: results as well as `mr-X-Y`, temporary files and the
 * log. Without this, `mr-out-*` would mix the results of a job with those of one that had more reduce tasks.
 *
 * @returns the number of results (`mr-out-Y`) removed
 * @throws MrError when a file cannot be removed
 */
export function sweepJobDirectory(directory: HeldDirectory): number {
  const removed = attempt("clear job", directory.path, () => {
    return sweep(directory, (name) => {
      return isJobOutput(name) || isTemporary(name) || name === JOB_LOG_NAME;
    });
  });
  return removed.filter((name) => name.startsWith("mr-out-")).length;
}

/** Removes the temporary files of attempts that were killed. */
export function sweepTemporaryFiles(directory: HeldDirectory): void {
  sweep(directory, isTemporary);
}

/**
 * Removes the temporary files of one attempt, whose worker is gone. A file that cannot be removed now is
 * removed at the end of the job.
 *
 * @param tag see `attemptTag`
 */
export async function sweepAttempt(
  directory: HeldDirectory,
  task: TaskId,
  tag: string,
): Promise<void> {
  try {
    for (const name of await readdir(directory.at())) {
      if (isTemporaryOf(name, task, tag)) directory.remove(name);
    }
  } catch {
    // The directory may be gone or unreadable: the attempts that need it fail and say so.
  }
}

/** Removes the map outputs, which are not needed once the results exist. */
export function sweepMapOutputs(directory: HeldDirectory): void {
  sweep(directory, isMapOutput);
}

/** Removes the log of a job that is complete, or that never began and so has no other file. */
export function removeLog(directory: HeldDirectory): void {
  directory.remove(JOB_LOG_NAME);
}

function sweep(directory: HeldDirectory, isUnwanted: (name: string) => boolean): string[] {
  const names = namesIn(directory.at()).filter(isUnwanted);
  for (const name of names) {
    try {
      directory.remove(name);
    } catch (error) {
      if (error instanceof MrError) throw error;
      throw new Error(`${describeCause(error)}: "${name}"`);
    }
  }
  return names;
}

/** None for a directory that was removed: nothing is left to be swept. */
function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(errorCode(error) ?? "")) return [];
    throw error;
  }
}

function attempt<T>(what: string, directory: string, operation: () => T): T {
  try {
    return operation();
  } catch (error) {
    const why = describeCause(error);
    throw new MrError("DIRECTORY_UNUSABLE", `Cannot ${what} directory "${directory}": ${why}`);
  }
}
