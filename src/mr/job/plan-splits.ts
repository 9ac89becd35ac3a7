import { statSync } from "node:fs";
import { resolve } from "node:path";
import { describeCause, MrError } from "../errors.ts";

/** A part of an input file: the records that begin in its bytes `start` … `end − 1`. */
export interface Split {
  /** The input as the user named it: relative to the job directory, or absolute. */
  readonly file: string;
  readonly start: number;
  readonly end: number;
}

/**
 * One map task per input file, in their order.
 *
 * @throws MrError when a file's size cannot be found out
 */
export function planWholeFiles(inputs: readonly string[], directory: string): Split[] {
  return inputs.map((file) => ({ file, start: 0, end: sizeOf(file, directory) }));
}

function sizeOf(file: string, directory: string): number {
  try {
    return statSync(resolve(directory, file)).size;
  } catch (error) {
    throw new MrError(`Cannot read input "${file}": ${describeCause(error)}`);
  }
}
