import { defineApp, lines, rangePartition } from "tsmr";

const KEY_BYTES = 10;

/** Sorts records by their first ten bytes, over all output files: `mr-out-0` holds the first. */
export default defineApp({
  input: lines(),
  map(line, emit) {
    emit(line.subarray(0, KEY_BYTES), line.subarray(KEY_BYTES + 1));
  },
  *reduce(_key, records) {
    yield* records;
  },
  partition: rangePartition(["-", "9", "E", "P", "\\", "h", "s"]),
});
