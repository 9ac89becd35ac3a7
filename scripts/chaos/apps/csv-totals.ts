import { setTimeout as sleep } from "node:timers/promises";
import { csv, defineApp, sum } from "tsmr";

/** Adds up one column of a table for each value of another. */
export default defineApp({
  input: csv({ columns: ["word", "length"] }),
  map({ word = "", length }, emit) {
    emit(word.toLowerCase(), Number(length));
    return word.length > 9 ? sleep(1) : undefined;
  },
  combine: sum,
  reduce: (_word, lengths) => sum.of(lengths),
});
