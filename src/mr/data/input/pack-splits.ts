import type { Split } from "../../job/split.ts";

/** With so much to read, what is the same in each task does not show. */
const PACK_BYTES = 2 * 1024 * 1024;
/** What opening a file costs, as the bytes that could be read meanwhile. */
const OPEN_BYTES = 16 * 1024;

/**
 * Lets small files share map tasks: ten thousand of them would else be ten thousand tasks, each with an
 * output for every reduce task.
 *
 * @param splits of all inputs, in their order, which stays as it is
 * @param splitBytes how large a split may be; files do not share one that is larger
 * @param leastTasks into how many shares to divide the work, at least: as many as can be done at a time
 * @returns at least one; files of one task have about equal shares of the work
 */
export function packSplits(
  splits: readonly Split[],
  splitBytes: number,
  leastTasks: number,
): readonly Split[] {
  if (splits.length <= leastTasks) return splits;
  const total = splits.reduce((sum, split) => sum + weightOf(split), 0);
  const share = Math.min(PACK_BYTES, splitBytes, total / leastTasks);
  const packs: Split[][] = [];
  let last = -1;
  let before = 0;
  for (const split of splits) {
    const weight = weightOf(split);
    // The share in which the middle of the split lies.
    const pack = Math.floor((before + weight / 2) / share);
    before += weight;
    const isLarge = 2 * weight > share;
    if (pack === last && !isLarge) packs.at(-1)?.push(split);
    else packs.push([split]);
    // What takes more than half a share has none beside it.
    last = isLarge ? -1 : pack;
  }
  return packs.map(([first, ...further]) => {
    return further.length === 0 ? (first as Split) : { ...(first as Split), further };
  });
}

function weightOf({ start, end }: Split): number {
  return Math.max(end - start, OPEN_BYTES);
}
