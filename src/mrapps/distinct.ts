// Distinct count: how many different values a column has, in all or for each value of another one.
//
//     DISTINCT=author_id tsmr run distinct tweets.csv
//     DISTINCT=author_id DISTINCT_PER=inbound tsmr run distinct tweets.csv
//
// Input is CSV with a header that has these columns. Output is one line a group, or one line `all`,
// with a tab before its number. A tab or a line break in a group is written `\t` or `\n`:
//
//     False	108
//     True	702669
//
// The counts are exact. Each map task sends a value to reduce only once. The values of a group arrive
// sorted, so reduce holds none of them in memory. A whole group is the work of one reduce task.

import { csv, defineApp, setting, tsv, UsageError, union } from "../mr/index.ts";

const DISTINCT = setting("DISTINCT");
const DISTINCT_PER = setting("DISTINCT_PER");
if (DISTINCT === undefined) throw new UsageError("Set DISTINCT to the name of a column");
if (DISTINCT === DISTINCT_PER) {
  throw new UsageError(`DISTINCT and DISTINCT_PER are the same column, "${DISTINCT}"`);
}
const columns = DISTINCT_PER === undefined ? [DISTINCT] : [DISTINCT, DISTINCT_PER];

export default defineApp({
  input: csv({ columns }),
  map(row, emit) {
    emit(DISTINCT_PER === undefined ? "all" : (row[DISTINCT_PER] ?? ""), row[DISTINCT] ?? "");
  },
  combine: union,
  orderValues: (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0),
  reduce(_group, values) {
    let distinct = 0;
    let previous: string | undefined;
    for (const value of values) {
      if (value !== previous) distinct += 1;
      previous = value;
    }
    return distinct;
  },
  output: tsv(),
});
