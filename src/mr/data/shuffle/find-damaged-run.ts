import { RunCursor } from "./run-cursor.ts";
import { DamagedRunError, type Run } from "./run-file.ts";

const BUFFER_BYTES = 64 * 1024;

/**
 * Reads runs from beginning to end. What an app is given out of a damaged one may make it fail before the
 * checksum at the end of the run is reached: then the run is to blame, and not the app.
 *
 * @returns what is wrong with the first that is not what it should be; undefined if all are
 */
export function findDamagedRun(runs: readonly Run[]): DamagedRunError | undefined {
  for (const run of runs) {
    let cursor: RunCursor | undefined;
    try {
      cursor = new RunCursor(run, BUFFER_BYTES);
      while (cursor.nextLine());
    } catch (error) {
      if (error instanceof DamagedRunError) return error;
      throw error;
    } finally {
      cursor?.close();
    }
  }
  return undefined;
}
