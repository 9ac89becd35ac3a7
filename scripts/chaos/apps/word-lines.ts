import { setTimeout as sleep } from "node:timers/promises";
import { defineApp, lines, sum, words } from "tsmr";

/** Word count in the record form. It waits now and then, so that something can happen to it. */
export default defineApp({
  input: lines(),
  map(line, emit) {
    for (const word of words(line)) emit(word, 1);
    return line.length % 12 === 9 ? sleep(2) : undefined;
  },
  combine: sum,
  reduce: (_word, counts) => sum.of(counts),
});
