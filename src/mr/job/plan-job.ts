import { statSync } from "node:fs";
import { resolve } from "node:path";
import type { Split } from "../app/reader.ts";
import { describeCause, MrError } from "../errors.ts";
import { defaultSplitBytes, planSplits } from "../input/plan-splits.ts";

/** Cuts the inputs of a job into map tasks, as the app's reader allows. */
export type JobPlan = (splitting: "wholeFile" | "bytes") => Split[];

/**
 * Looks the sizes of the inputs up, once.
 *
 * @param directory absolute path that relative `inputs` start from
 * @param splitBytes how large a split may be; 32 to 64 MiB by the size of the job where undefined
 * @throws MrError when a file's size cannot be found out
 */
export function planJob(
  inputs: readonly string[],
  directory: string,
  splitBytes: number | undefined,
): JobPlan {
  const sizes = inputs.map((file) => ({ file, size: sizeOf(file, directory) }));
  const total = sizes.reduce((sum, { size }) => sum + size, 0);
  const limit = splitBytes ?? defaultSplitBytes(total);
  return (splitting) => {
    return sizes.flatMap(({ file, size }) => planSplits(splitting, file, size, limit));
  };
}

function sizeOf(file: string, directory: string): number {
  try {
    return statSync(resolve(directory, file)).size;
  } catch (error) {
    throw new MrError(`Cannot read input "${file}": ${describeCause(error)}`);
  }
}
