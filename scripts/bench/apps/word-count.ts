import { defineApp, lines, sum, words } from "tsmr";

export default defineApp({
  input: lines(),
  map(line, emit) {
    for (const word of words(line)) {
      emit(word, 1);
    }
  },
  combine: sum,
  reduce: (_word, counts) => sum.of(counts),
});
