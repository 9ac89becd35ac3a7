import type { Reader, Split } from "../app/reader.ts";
import { isCompressedName } from "./open-input.ts";

/** How large splits are unless told: 64 MiB. */
export const DEFAULT_SPLIT_BYTES = 64 * 1024 * 1024;

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
  splitting: Reader<unknown>["splitting"],
  file: string,
  size: number,
  splitBytes: number = DEFAULT_SPLIT_BYTES,
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
