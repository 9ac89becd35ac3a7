import { MAX_DEFAULT_SPLIT_BYTES, MIN_DEFAULT_SPLIT_BYTES } from "../../job/limits.ts";
import type { Split } from "../../job/split.ts";
import { isCompressedName } from "./open-input.ts";

/** Below this many tasks, smaller ones cost nothing, and share the work more evenly. */
const AMPLE_TASKS = 64;

/**
 * How large splits are unless told: 64 MiB; a 64th of the job where that is less, but at least 32 MiB.
 *
 * @param totalBytes the size of all inputs of the job
 */
export function defaultSplitBytes(totalBytes: number): number {
  const share = Math.ceil(totalBytes / AMPLE_TASKS);
  return Math.min(MAX_DEFAULT_SPLIT_BYTES, Math.max(MIN_DEFAULT_SPLIT_BYTES, share));
}

/**
 * Cuts a file into splits of about equal size, none larger than `splitBytes`. The cuts need no knowledge
 * of the file: readers find the record boundaries.
 *
 * @param splitting what the app's reader allows; whole files and compressed ones stay in one piece
 * @param file the input as the user named it
 * @param size in bytes
 * @param splitBytes at least 1
 * @returns at least one split; together they are [0, size)
 */
export function planSplits(
  splitting: "bytes" | "wholeFile",
  file: string,
  size: number,
  splitBytes: number = MAX_DEFAULT_SPLIT_BYTES,
): Split[] {
  const isWhole = splitting === "wholeFile" || isCompressedName(file);
  const count = isWhole ? 1 : Math.max(1, Math.ceil(size / splitBytes));
  const splits: Split[] = [];
  for (let index = 0; index < count; index++) {
    splits.push({ file, start: cut(size, index, count), end: cut(size, index + 1, count) });
  }
  return splits;
}

/** BigInt-free and exact: `size` is below 2⁵³, its product with `index` may not be. */
function cut(size: number, index: number, count: number): number {
  const whole = Math.floor(size / count);
  const rest = size - whole * count;
  return whole * index + Math.min(index, rest);
}
