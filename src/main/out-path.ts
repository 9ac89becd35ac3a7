import { dirname } from "node:path";
import { fileInWay, isDirectory } from "../mr/base/directories.ts";

/**
 * Why a file that `--out` names can't be written, because the path is wrong.
 *
 * @returns the end of a sentence; undefined if the directory of the file is there, or can't be looked at
 */
export function problemOfOutFile(out: string): string | undefined {
  const directory = dirname(out);
  try {
    const file = fileInWay(out);
    if (file !== undefined) return `"${file}" is not a directory`;
    return isDirectory(directory) ? undefined : `directory "${directory}" does not exist`;
  } catch {
    // Writing the file reports the reason.
    return undefined;
  }
}
