// N-grams: how often each sequence of n words occurs, such as pairs of neighbours.
//
//     NGRAMS=3 tsmr run ngrams 'books/*.txt'
//
// NGRAMS is n (default 2). Input is any text, with blank lines between paragraphs. For
//
//     To be, or not
//     to be?
//
// the output for n = 2 is one line a pair, with a tab before its number:
//
//     be or	1
//     not to	1
//     or not	1
//     to be	2
//
// Words are in lower case, and `don't` is one word. N-grams continue over line ends and punctuation,
// but not over the end of a paragraph.

import {
  count,
  defineApp,
  lowerCase,
  type RecordSource,
  recordsFrom,
  setting,
  tsv,
  UsageError,
  words,
} from "../mr/index.ts";

const NGRAMS = setting("NGRAMS", "2");
const n = Number(NGRAMS);
if (!(Number.isInteger(n) && n > 0)) {
  throw new UsageError(`NGRAMS is the number of words in a sequence, not "${NGRAMS}"`);
}

const BLANK_LINES = /\n\s*\n/;

async function* paragraphsOf({ chunks }: RecordSource): AsyncGenerator<string> {
  // The reader has removed the byte order mark.
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  // Only appended to: searching it again with each chunk would take quadratic time.
  let paragraph = "";
  let space = "";
  for await (const chunk of chunks) {
    const text = space + decoder.decode(chunk, { stream: true });
    // White space at the end may turn out to end a paragraph with the next chunk.
    const end = text.trimEnd().length;
    const [more = "", ...others] = text.slice(0, end).split(BLANK_LINES);
    paragraph += more;
    for (const next of others) {
      yield paragraph;
      paragraph = next;
    }
    space = text.slice(end);
  }
  yield* (paragraph + space + decoder.decode()).split(BLANK_LINES);
}

/**
 * Words, joined where only an apostrophe is between two of them. A regular expression would need a stack in
 * proportion to the length of a word.
 */
function* joinedWords(text: string): Generator<string> {
  let start = -1;
  let end = 0;
  for (const word of words(text)) {
    const next = text.indexOf(word, end);
    const isJoined = next === end + 1 && (text[end] === "'" || text[end] === "’");
    if (start >= 0 && !isJoined) yield text.slice(start, end);
    if (start < 0 || !isJoined) start = next;
    end = next + word.length;
  }
  if (start >= 0) yield text.slice(start, end);
}

export default defineApp({
  input: recordsFrom("paragraphs", paragraphsOf, { encoding: "utf-8" }),
  map(paragraph, emit) {
    const found = [...joinedWords(lowerCase(paragraph))];
    for (let end = n; end <= found.length; end++) emit(found.slice(end - n, end).join(" "), 1);
  },
  combine: count,
  reduce: (_ngram, counts) => count.of(counts),
  output: tsv(),
});
