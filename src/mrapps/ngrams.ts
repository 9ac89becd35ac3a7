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

const NO_SPACE = /\S/g;

/**
 * Paragraphs, as text.split(/\n\s*\n/) gives them. Each chunk is searched once, and the strings are only appended to:
 * white space may extend over any number of chunks.
 */
async function* paragraphsOf({ chunks }: RecordSource): AsyncGenerator<string> {
  // The reader has removed the byte order mark.
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const paragraphs = new Paragraphs();
  for await (const chunk of chunks) yield* paragraphs.take(decoder.decode(chunk, { stream: true }));
  yield* paragraphs.take(decoder.decode());
  yield* paragraphs.finish();
}

class Paragraphs {
  #paragraph = "";
  /** White space from a line end on; of blank lines, only what follows their last line end. */
  #space = "";
  /** How many line ends there are in the white space: 2 for two or more. */
  #lineEnds = 0;

  *take(text: string): Generator<string> {
    for (let at = 0; at < text.length; ) {
      if (this.#lineEnds === 0) {
        const found = text.indexOf("\n", at);
        const end = found < 0 ? text.length : found;
        this.#paragraph += text.slice(at, end);
        at = end;
        if (found < 0) return;
      }
      const end = endOfSpace(text, at);
      this.#takeSpace(text.slice(at, end));
      at = end;
      if (at < text.length) yield* this.#endSpace();
    }
  }

  *finish(): Generator<string> {
    yield* this.#endSpace();
    yield this.#paragraph;
  }

  #takeSpace(space: string): void {
    const last = space.lastIndexOf("\n");
    if (last < 0) this.#space += space;
    else {
      const isBlank = this.#lineEnds > 0 || space.indexOf("\n") < last;
      this.#lineEnds = isBlank ? 2 : 1;
      this.#space = isBlank ? space.slice(last + 1) : space;
    }
  }

  *#endSpace(): Generator<string> {
    if (this.#lineEnds === 2) {
      yield this.#paragraph;
      this.#paragraph = "";
    }
    this.#paragraph += this.#space;
    this.#space = "";
    this.#lineEnds = 0;
  }
}

/** The position of the first character from `start` on that is no white space. */
function endOfSpace(text: string, start: number): number {
  NO_SPACE.lastIndex = start;
  return NO_SPACE.exec(text)?.index ?? text.length;
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
