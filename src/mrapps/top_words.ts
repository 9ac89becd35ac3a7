// Top words by letter: the most frequent words that begin with a to e, with f to j, and so on.
//
//     tsmr run top_words 'books/*.txt' --reduces 5
//
// Input is any text. Output is the ten most frequent words of each range of letters, or as many as
// TOP_WORDS says:
//
//     a-e and 12345
//     a-e a 9876
//
// Words are in lower case. Accents are ignored: é is in the range of e. Words that begin with any other
// letter, such as ø, æ or я, are in the range `other`, which comes last. Equally frequent words are in
// alphabetical order. Ranges go to reduce tasks in order: with five or six reduce tasks, each range has
// its own output file.
//
// The range is the key, and its words are the values. They reach reduce sorted, so it adds up one word
// after the other, and holds at most twice as many words as it will write.

import {
  blocks,
  defineApp,
  type Emit,
  lowerCase,
  setting,
  UsageError,
  words,
} from "../mr/index.ts";

const TOP_WORDS = setting("TOP_WORDS", "10");
const top = Number(TOP_WORDS);
if (!(Number.isInteger(top) && top > 0)) {
  throw new UsageError(`TOP_WORDS is how many words there are a range, not "${TOP_WORDS}"`);
}

const RANGES = ["a-e", "f-j", "k-o", "p-t", "u-z", "other"];

type Counted = readonly [word: string, times: number];

export default defineApp({
  input: blocks(),
  // Words are counted within each block of a megabyte first, so that a range has far fewer values.
  map(block, emit: Emit<Counted>) {
    const counts = new Map<string, number>();
    for (const word of words(lowerCase(block.toString()))) {
      counts.set(word, (counts.get(word) ?? 0) + 1);
    }
    for (const counted of counts) emit(rangeOf(counted[0]), counted);
  },
  partition: (range, reduces) => Math.min(RANGES.indexOf(range), reduces - 1),
  orderValues: ([a], [b]) => (a < b ? -1 : a > b ? 1 : 0),
  *reduce(_range, values) {
    const best: Counted[] = [];
    let word = "";
    let times = 0;
    for (const [next, more] of values) {
      if (next !== word) {
        keep(best, [word, times], 2 * top);
        word = next;
        times = 0;
      }
      times += more;
    }
    keep(best, [word, times], 0);
    for (const [found, count] of best) yield `${found} ${count}`;
  },
});

function rangeOf(word: string): string {
  const letter = word.normalize("NFD").charCodeAt(0) - 97;
  return RANGES[letter >= 0 && letter < 26 ? Math.min(Math.floor(letter / 5), 4) : 5] ?? "";
}

/**
 * Adds a word to the best ones. Those after the first `top` are removed when there are more than `limit`, so that
 * the time for a word does not depend on `top`.
 */
function keep(best: Counted[], counted: Counted, limit: number): void {
  if (counted[1] > 0) best.push(counted);
  if (best.length <= limit) return;
  // Words come in the order of the alphabet, and sorting keeps the order of those that are equally frequent.
  best.sort(([, a], [, b]) => b - a);
  best.splice(top);
}
