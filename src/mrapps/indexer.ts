// Inverted index: for each word, in how many documents it occurs, and in which.

import { type KeyValue, words } from "../mr/index.ts";

/** One pair for each distinct word of the document, however often the word occurs in it. */
export function map(document: string, contents: string): KeyValue[] {
  const distinctWords = new Set(words(contents));
  return Array.from(distinctWords, (word) => ({ key: word, value: document }));
}

export function reduce(_word: string, documents: string[]): string {
  // The order of Go's `sort.Strings`; `sort()` without a comparison orders by UTF-16 units.
  const sorted = documents.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return `${sorted.length} ${sorted.join(",")}`;
}
