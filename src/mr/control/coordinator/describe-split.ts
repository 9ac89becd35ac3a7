import type { Split } from "../../job/split.ts";

/** What a map task reads, in words: `"a.txt"`, `bytes 10 to 20 of "a.txt"` where that is in parts, or
 * `"a.txt" and 3 other files` where these are small. */
export function describeSplit(splits: readonly Split[], map: number): string | undefined {
  const split = splits[map];
  if (split === undefined) return undefined;
  const { file, start, end, further } = split;
  const isAlone = splits[map - 1]?.file !== file && splits[map + 1]?.file !== file;
  if (further !== undefined) {
    const others = further.length === 1 ? "another file" : `${further.length} other files`;
    return `"${file}" and ${others}`;
  }
  return isAlone ? `"${file}"` : `bytes ${start} to ${end} of "${file}"`;
}
