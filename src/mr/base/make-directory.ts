import { mkdirSync, rmdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { errorCode } from "./errors.ts";

/**
 * Makes a directory and those it is in, unless they are there. (Where a file system refuses new
 * directories by saying that they do not exist, as /proc does, `mkdirSync` tries for ever to make them.)
 *
 * @param path absolute
 * @param mode of each directory that is made
 * @returns those that were not there, the outermost first
 * @throws the error of the operating system
 */
export function makeDirectory(path: string, mode?: number): string[] {
  if (isDirectory(path)) return [];
  const parent = dirname(path);
  const made = parent === path ? [] : makeDirectory(parent, mode);
  try {
    mkdirSync(path, mode);
    return [...made, path];
  } catch (error) {
    // Somebody else may have made it meanwhile.
    if (errorCode(error) !== "EEXIST" || !isDirectory(path)) throw error;
    return made;
  }
}

/**
 * Removes directories in which nothing is left.
 *
 * @param made what {@link makeDirectory} returned
 */
export function removeEmptyDirectories(made: readonly string[]): void {
  for (const path of [...made].reverse()) {
    try {
      rmdirSync(path);
    } catch {
      // Somebody has put something into it, or has removed it already: it is theirs.
      return;
    }
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
