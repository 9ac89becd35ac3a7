/** A word with more edits than this share of its length is another one. */
const MAX_SHARE = 0.4;

/** The one of `words` that `word` was most likely meant to be, if any is near enough. */
export function nearestWord(word: string, words: readonly string[]): string | undefined {
  let best: string | undefined;
  let minEdits = Infinity;
  for (const candidate of words) {
    const edits = editDistance(word, candidate);
    if (edits >= minEdits || edits > MAX_SHARE * Math.max(word.length, candidate.length)) continue;
    best = candidate;
    minEdits = edits;
  }
  return best;
}

/** The number of letters to insert, remove or replace (Levenshtein). */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, replaced));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
