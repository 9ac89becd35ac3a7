import type { BigIntStats } from "node:fs";
import type { FileStat } from "../storage.ts";

/** The same as {@link Storage.stat}, from the metadata of the file system. */
export function fileStat({ size, mtimeNs }: BigIntStats): FileStat {
  // Only the time counts, so that a file that was restored with its time is still the same.
  return { size: Number(size), version: String(mtimeNs) };
}
