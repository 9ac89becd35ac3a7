import { accessSync, constants, readdirSync, realpathSync, rmSync, statSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { describeCause, MrError } from "../../base/errors.ts";
import type { InputFile } from "../../job/job-spec.ts";
import {
  isJobFile,
  isJobOutput,
  isMapOutput,
  isTemporary,
  isTemporaryOf,
  JOURNAL_NAME,
} from "../../job/names.ts";

/**
 * Checks that a job can write its files into `directory`, and that none of its inputs is one of them.
 *
 * @param directory absolute path
 * @param inputDirectory absolute path that relative `inputs` start from
 * @throws MrError naming the directory or the input
 */
export function checkJobDirectory(
  directory: string,
  inputDirectory: string,
  inputs: readonly InputFile[],
): void {
  try {
    if (!statSync(directory).isDirectory()) throw new Error("it is not a directory");
    accessSync(directory, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new MrError(
      "DIRECTORY_UNUSABLE",
      `Cannot write into job directory "${directory}": ${describeCause(error)}`,
    );
  }
  const home = realpathSync.native(directory);
  for (const { url } of inputs) {
    // The system's own resolution takes one call, and no look at each folder of the path.
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
 * Removes what earlier jobs have left in `directory`: results as well as `mr-X-Y`, temporary files and the
 * journal.
 * Without this, `mr-out-*` would mix the results of a job with those of one that had more reduce tasks.
 *
 * @returns the number of results (`mr-out-Y`) removed
 * @throws MrError when a file cannot be removed
 */
export function sweepJobDirectory(directory: string): number {
  let results = 0;
  try {
    for (const name of readdirSync(directory)) {
      if (!isJobOutput(name) && !isTemporary(name) && name !== JOURNAL_NAME) continue;
      rmSync(join(directory, name), { force: true });
      if (name.startsWith("mr-out-")) results += 1;
    }
  } catch (error) {
    throw new MrError(
      "DIRECTORY_UNUSABLE",
      `Cannot clear job directory "${directory}": ${describeCause(error)}`,
    );
  }
  return results;
}

/** Removes what attempts that were killed have left half-written in `directory`. */
export function sweepTemporaryFiles(directory: string): void {
  sweep(directory, isTemporary);
}

/**
 * Removes what one attempt has left half-written, whose worker is gone. Whatever cannot be removed now is
 * removed at the end of the job.
 *
 * @param tag see `attemptTag`
 */
export async function sweepAttempt(
  directory: string,
  task: { readonly phase: "map" | "reduce"; readonly task: number },
  tag: string,
): Promise<void> {
  try {
    for (const name of await readdir(directory)) {
      if (isTemporaryOf(name, task, tag)) await rm(join(directory, name), { force: true });
    }
  } catch {
    // The directory may be gone, or not be readable any more: those who need it are told.
  }
}

/** Removes the files between map and reduce, which nobody needs once the results are there. */
export function sweepMapOutputs(directory: string): void {
  sweep(directory, isMapOutput);
}

function sweep(directory: string, isUnwanted: (name: string) => boolean): void {
  for (const name of readdirSync(directory)) {
    if (isUnwanted(name)) rmSync(join(directory, name), { force: true });
  }
}
