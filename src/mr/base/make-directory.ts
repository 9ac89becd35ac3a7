import { mkdirSync, rmdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { errorCode } from "./errors.ts";

/**
 * Makes a directory and its parents, unless they exist. (A recursive `mkdirSync` never returns where a file
 * system answers ENOENT to new directories, as /proc does.)
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
    // Another process may have made it meanwhile.
    if (errorCode(error) !== "EEXIST" || !isDirectory(path)) throw error;
    return made;
  }
}

/**
 * Removes the directories that are empty.
 *
 * @param made what {@link makeDirectory} returned
 */
export function removeEmptyDirectories(made: readonly string[]): void {
  for (const path of [...made].reverse()) {
    try {
      rmdirSync(path);
    } catch {
      // It is not empty, or another process has removed it.
      return;
    }
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
