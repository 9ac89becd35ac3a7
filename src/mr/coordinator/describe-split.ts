import type { Split } from "../rpc/protocol.ts";

/** What a map task reads, in words: `"a.txt"`, or `bytes 10 to 20 of "a.txt"` where that is in parts. */
export function describeSplit(splits: readonly Split[], map: number): string | undefined {
  const split = splits[map];
  if (split === undefined) return undefined;
  const { file, start, end } = split;
  const isAlone = splits[map - 1]?.file !== file && splits[map + 1]?.file !== file;
  return isAlone ? `"${file}"` : `bytes ${start} to ${end} of "${file}"`;
}
