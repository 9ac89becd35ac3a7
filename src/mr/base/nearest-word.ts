import { editDistance } from "./edit-distance.ts";

/** A word that is further off than this share of its length is another one. */
const MAX_SHARE = 0.4;

/** The one of `words` that `word` was most likely meant to be, if any is near enough. */
export function nearestWord(word: string, words: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Infinity;
  for (const candidate of words) {
    const edits = editDistance(word, candidate);
    if (edits >= least || edits > MAX_SHARE * Math.max(word.length, candidate.length)) continue;
    best = candidate;
    least = edits;
  }
  return best;
}
