// Inverted index: for each word, in which documents it occurs, and where in them.
//
//     tsmr run inverted_index 'books/*.txt'
//
// Input is any text; a file is a document. Of books/a.txt and books/b.txt with the words
//
//     to be or not to be
//     be quick
//
// the output is one line a word, with tabs between its documents:
//
//     be	books/a.txt:2,6	books/b.txt:1
//     to	books/a.txt:1,5
//
// and so on. Documents are in the order of their names. After the colon are the positions of the word
// in the document; the first word is 1. Words are in lower case. (The lab's `indexer` only lists
// documents.)

import { defineApp, type Emit, lowerCase, tsv, wholeFile, words } from "../mr/index.ts";

interface Posting {
  readonly document: string;
  readonly places: number[];
}

export default defineApp({
  input: wholeFile({ encoding: "utf-8" }),
  map(text, emit: Emit<Posting>, { file }) {
    const index = new Map<string, number[]>();
    let place = 0;
    for (const word of words(lowerCase(text.toString()))) {
      place += 1;
      const places = index.get(word);
      if (places === undefined) index.set(word, [place]);
      else places.push(place);
    }
    for (const [word, places] of index) emit(word, { document: file, places });
  },
  orderValues: (a, b) => (a.document < b.document ? -1 : a.document > b.document ? 1 : 0),
  reduce: (_word, postings) =>
    Array.from(postings, ({ document, places }) => `${document}:${places.join(",")}`),
  output: tsv(),
});
