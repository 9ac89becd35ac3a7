import { defineApp, lines, sum } from "tsmr";

const KEY_BYTES = 9;

/** Counts the log lines of each user: the key is the first nine bytes of a line. */
export default defineApp({
  input: lines(),
  map(line, emit) {
    emit(line.subarray(0, KEY_BYTES), 1);
  },
  combine: sum,
  reduce: (_key, counts) => sum.of(counts),
});
