import { defineApp, lines } from "tsmr";

const KEY_BYTES = 10;

/** Sorts lines by their first ten bytes: nothing is combined, so a small memory makes it spill. */
export default defineApp({
  input: lines(),
  map(line, emit) {
    emit(line.subarray(0, KEY_BYTES), line.subarray(KEY_BYTES + 1));
  },
  *reduce(_key, records) {
    yield* records;
  },
});
