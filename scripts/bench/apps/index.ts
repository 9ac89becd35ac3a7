import { defineApp, lines, union, words } from "tsmr";

/** For each word, the files that contain it. */
export default defineApp({
  input: lines(),
  map(line, emit, context) {
    for (const word of words(line)) {
      emit(word, context.file);
    }
  },
  combine: union,
  reduce(_word, files) {
    const names = union.of(files);
    return `${names.length} ${names.join(",")}`;
  },
});
