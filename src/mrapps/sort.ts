// Sort: all lines of the input, in the order of their bytes, as `LC_ALL=C sort` does it.
//
//     tsmr run sort 'records/*' --out sorted
//     cat $(ls -v sorted/mr-out-*)
//
// Input is any text; each line is a record. Output is the same lines, without the CR of lines that end
// in CRLF and without a byte order mark; `sort` would keep both. Each output file is sorted and has
// only lines that come after those of the file before, so their concatenation is sorted, too.
//
// A line goes to a reduce task by its beginning. By default, its first two characters decide, in even
// parts of printable ASCII, which suits random keys such as TeraSort's. For other lines, SORT names the
// beginning of each output file but the first. There must be at least that many output files, here
// four; further ones stay empty:
//
//     SORT='f m t' tsmr run sort names.txt --reduces 4

import {
  type ByteSlice,
  count,
  defineApp,
  lines,
  type Partitioner,
  rangePartition,
  setting,
  UsageError,
} from "../mr/index.ts";

const SORT = setting("SORT");

const FIRST = 0x20;
const CHARACTERS = 0x7f - FIRST;

/** Even parts of all pairs of printable characters; other lines are in the first or the last part. */
const evenPartition: Partitioner = (key, reduces) => {
  const first = rank(key, 0);
  const second = first < 0 ? 0 : first >= CHARACTERS ? CHARACTERS - 1 : rank(key, 1);
  const pair = clamp(first) * CHARACTERS + clamp(second);
  return Math.floor((pair * reduces) / (CHARACTERS * CHARACTERS));
};

function rank(key: string, at: number): number {
  return key.length > at ? key.charCodeAt(at) - FIRST : -1;
}

function clamp(rank: number): number {
  return Math.min(Math.max(rank, 0), CHARACTERS - 1);
}

function partitionAt(boundaries: string): Partitioner {
  try {
    return rangePartition(boundaries.split(" "));
  } catch {
    // The boundaries are strings, so no other error is possible.
    throw new UsageError(
      `SORT says where output files begin, in ascending order, not "${boundaries}"`,
    );
  }
}

export default defineApp({
  input: lines(),
  // The line is the key: the job sorts keys.
  map(line, emit) {
    emit(line, 1);
  },
  combine: count,
  reduce: (_line, times) => count.of(times),
  partition: SORT === undefined ? evenPartition : partitionAt(SORT),
  output: {
    name: "lines",
    write(line: ByteSlice, times: number, sink) {
      for (let left = times; left > 0; left--) {
        sink.bytes(line.bytes, line.start, line.end);
        sink.text("\n");
      }
    },
  },
});
