// Term vector per host: the words that say most about what a site is about, with their counts.
//
//     tsmr run term_vector 'crawl/*.jsonl'
//
// Input is a crawl as JSON lines, a page each, with `url` and `text`; other members are ignored:
//
//     {"url":"https://tea.example/green","text":"Green tea, and how to brew it"}
//     {"url":"https://tea.example/black","text":"Black tea is brewed hotter"}
//
// Output is one line a host, with its most frequent words, the most frequent first:
//
//     tea.example tea:2 black:1 brew:1 brewed:1 green:1 hotter:1
//
// Words are in lower case, have at least three letters, and are not English stop words. TERM_VECTOR is
// the maximum number of words (default 20). A page whose `url` is not a URL, or has more than 1,000
// characters of user and host, is left out and counted as `malformed-urls`; one whose `text` is
// missing or not a text, as `missing-texts`.

import {
  defineApp,
  type Emit,
  jsonLines,
  lowerCase,
  setting,
  UsageError,
  words,
} from "../mr/index.ts";

const TERM_VECTOR = setting("TERM_VECTOR", "20");
const terms = Number(TERM_VECTOR);
if (!(Number.isInteger(terms) && terms > 0)) {
  throw new UsageError(`TERM_VECTOR is how many words there are a host, not "${TERM_VECTOR}"`);
}

const STOP_WORDS = new Set(
  `about after all also and any are because been before but can could did does for from get had
  has have her here him his how into its just like may more most not now one only other our out
  over said she should some such than that the their them then there these they this those
  through too under very was were what when where which who why will with would you your`.split(
    /\s+/,
  ),
);

/** User and host of a URL, which a URL parser finds behind any of these characters. */
const AUTHORITY = /^(?:https?|ftp|wss?|file):[/\\]*([^/\\?#]*)/i;
/** Characters that a URL parser removes, anywhere and at the beginning. */
const REMOVED = /[\t\n\r]|^[^!-\uFFFF]+/g;
/** The time to encode a host's name is quadratic, and a valid one has at most 253 characters. */
const MAX_AUTHORITY = 1000;

/** Counts letters, some of which are two UTF-16 units. */
const THREE_LETTERS = /.../u;

interface Page {
  readonly url?: unknown;
  readonly text?: unknown;
}

export default defineApp({
  // Numbers are not used.
  input: jsonLines<Page | null>({ inexactNumbers: "round" }),
  map(page, emit: Emit<[word: string, count: number][]>, context) {
    const { url, text } = page ?? {};
    if (typeof url !== "string" || !isUrl(url)) {
      context.badRecord("malformed-urls", 'its "url" is missing or no URL');
      return;
    }
    if (typeof text !== "string") {
      context.badRecord("missing-texts", 'its "text" is missing or no text');
      return;
    }
    const vector = new Map<string, number>();
    for (const word of words(lowerCase(text))) {
      if (THREE_LETTERS.test(word) && !STOP_WORDS.has(word))
        vector.set(word, (vector.get(word) ?? 0) + 1);
    }
    emit(new URL(url).host, [...vector]);
  },
  // No combiner: it would copy the vector of the whole site for each page.
  reduce(_host, vectors) {
    const total = new Map<string, number>();
    for (const vector of vectors) {
      for (const [word, count] of vector) total.set(word, (total.get(word) ?? 0) + count);
    }
    const sorted = [...total].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
    return sorted
      .slice(0, terms)
      .map(([word, count]) => `${word}:${count}`)
      .join(" ");
  },
});

function isUrl(text: string): boolean {
  const authority = AUTHORITY.exec(text.replace(REMOVED, ""))?.[1] ?? "";
  return authority.length <= MAX_AUTHORITY && URL.canParse(text);
}
