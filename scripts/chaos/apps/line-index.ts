import { defineApp, type Emit, union, wholeFile, words } from "tsmr";

/** For each word the files that hold it: values that are strings, of which one each is kept. */
export default defineApp({
  input: wholeFile(),
  map(file, emit: Emit<string>, context) {
    for (const word of words(file)) emit(word, context.file);
  },
  combine: union,
  reduce(_word, files) {
    const names = union.of(files).sort((a, b) => (a < b ? -1 : 1));
    return `${names.length} ${names.join(",")}`;
  },
});
