import { lstatSync, type Stats, statSync } from "node:fs";
import { errorCode } from "./errors.ts";

/**
 * The status of a file, after links.
 *
 * @returns undefined when there is none, also where a part of the path is a file: versions of Node differ in whether
 *   `throwIfNoEntry` covers ENOTDIR
 * @throws any other error of the operating system
 */
export function statIfThere(path: string): Stats | undefined {
  return ifThere(() => statSync(path, { throwIfNoEntry: false }));
}

/** Like {@link statIfThere}, of a link itself. */
export function lstatIfThere(path: string): Stats | undefined {
  return ifThere(() => lstatSync(path, { throwIfNoEntry: false }));
}

function ifThere(look: () => Stats | undefined): Stats | undefined {
  try {
    return look();
  } catch (error) {
    if (errorCode(error) === "ENOTDIR") return undefined;
    throw error;
  }
}
