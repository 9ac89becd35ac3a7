import type { Command } from "commander";
import { printResult } from "../print-result.ts";
import type { Action } from "./catalog.ts";

/**
 * The apps that come with the package, with what each computes: the first line of its file. They are
 * kept here as well because the built package has no comments; a test compares the two.
 */
const LIST = `\
wc              Word count: for each word, how many times it occurs in all the input files.
top_words       Top words by letter: the most frequent words that begin with a to e, with f to j, and so on.
ngrams          N-grams: how often each sequence of n words occurs, such as pairs of neighbours.
grep            Grep: the lines that match a pattern, each after the name of its file, as \`grep -H\` prints them.
sort            Sort: all lines of the input, in the order of their bytes, as \`LC_ALL=C sort\` does it.
distinct        Distinct count: how many different values a column has, in all or for each value of another one.
group_by        Group by: number, sum, least, greatest and mean of a field, for each value of another.
join            Join: the rows of two tables that have the same value in a column, side by side.
url_count       URL access count: how often each URL was asked for, from the access logs of Apache or nginx.
links           Reverse web-link graph: for each link target, the number of pages that link to it, and their URLs.
term_vector     Term vector per host: the words that say most about what a site is about, with their counts.
inverted_index  Inverted index: for each word, in which documents it occurs, and where in them.
indexer         Inverted index: for each word, in how many documents it occurs, and in which.
tweets          Words of tweets: how often each word occurs in one column of a CSV file.
`;

export const SHIPPED_APPS = LIST.trimEnd()
  .split("\n")
  .map((line) => {
    const [name = "", summary = ""] = line.split(/ +(.*)/);
    return { name, summary };
  });

/** Apps that test a system rather than compute something. */
export const TEST_APPS = ["crash", "early_exit", "jobcount", "mtiming", "nocrash", "rtiming"];

const HELP = `
Examples:
  tsmr apps
  tsmr run wc 'books/*.txt'           an app is run by its name`;

export function define(command: Command): Action {
  command
    .description("List the apps that come with the package.")
    .option("--json", "print them as JSON")
    .addHelpText("after", HELP);
  return async ({ json }: { readonly json?: true }) => {
    printResult(json === true ? `${JSON.stringify(SHIPPED_APPS, undefined, 2)}\n` : LIST);
    return 0;
  };
}
