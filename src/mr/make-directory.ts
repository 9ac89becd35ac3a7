import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { errorCode } from "./errors.ts";

/**
 * Makes a directory and those it is in, unless they are there. (Where a file system refuses new
 * directories by saying that they do not exist, as /proc does, `mkdirSync` tries for ever to make them.)
 *
 * @param path absolute
 * @param mode of each directory that is made
 * @throws the error of the operating system
 */
export function makeDirectory(path: string, mode?: number): void {
  if (isDirectory(path)) return;
  const parent = dirname(path);
  if (parent !== path) makeDirectory(parent, mode);
  try {
    mkdirSync(path, mode);
  } catch (error) {
    // Somebody else may have made it meanwhile.
    if (errorCode(error) !== "EEXIST" || !isDirectory(path)) throw error;
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
