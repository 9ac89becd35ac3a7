import { readFileSync } from "node:fs";
import { publish, sha256 } from "./app-cache.ts";
import { REQUIRED_FILES } from "./require-guard.ts";

/**
 * Keeps the hashes of files that are not part of a compiled app, although its digest covers them.
 *
 * @throws MrError when they can't be written
 */
export function publishRequiredFiles(compiled: string, files: readonly string[]): void {
  const hashes = Object.fromEntries(files.map((file) => [file, hashOf(file)]));
  publish(compiled + REQUIRED_FILES, JSON.stringify(hashes));
}

/** Whether all files in the list are as they were when the app was compiled. */
export function areRequiredFilesUnchanged(compiled: string): boolean {
  try {
    const hashes: unknown = JSON.parse(readFileSync(compiled + REQUIRED_FILES, "utf8"));
    return Object.entries(Object(hashes)).every(([file, hash]) => hashOf(file) === hash);
  } catch {
    // Compiling the app again makes another list.
    return false;
  }
}

/** @returns an empty text for a file that can't be read */
function hashOf(file: string): string {
  try {
    return sha256(readFileSync(file));
  } catch {
    // It may be a folder, or have been removed.
    return "";
  }
}
