// Word count: for each word, how many times it occurs in all the input files.

import { type KeyValue, words } from "../mr/index.ts";

/** A word is a run of letters, of any script; everything else separates words. */
export function* map(_filename: string, contents: string): Iterable<KeyValue> {
  for (const word of words(contents)) yield { key: word, value: "1" };
}

export function reduce(_word: string, values: string[]): string {
  return String(values.length);
}
