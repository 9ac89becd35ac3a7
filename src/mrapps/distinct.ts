// Distinct count: how many different values a column has, in all or for each value of another one.
//
//     DISTINCT=author_id tsmr run distinct tweets.csv
//     DISTINCT=author_id DISTINCT_PER=inbound tsmr run distinct tweets.csv
//
// Input is CSV with a header that has these columns. Output is one line a group, or one line `all`, with
// a tab before its number. Without rows, the number is 0; if all rows are skipped as bad, there is no line.
// A tab or a line break in a group is written `\t` or `\n`:
//
//     False	108
//     True	702669
//
// The counts are exact. Each map task sends a value to reduce only once. The values of a group arrive
// sorted, so reduce holds none of them in memory. A whole group is the work of one reduce task.

import {
  csv,
  defineApp,
  type Emit,
  type Reader,
  setting,
  tsv,
  UsageError,
  union,
} from "../mr/index.ts";

const DISTINCT = setting("DISTINCT");
const DISTINCT_PER = setting("DISTINCT_PER");
if (DISTINCT === undefined) throw new UsageError("Set DISTINCT to the name of a column");
if (DISTINCT === DISTINCT_PER) {
  throw new UsageError(`DISTINCT and DISTINCT_PER are the same column, "${DISTINCT}"`);
}
const columns = DISTINCT_PER === undefined ? [DISTINCT] : [DISTINCT, DISTINCT_PER];

type Row = Readonly<Record<string, string>>;

/** Adds a null to each part of a file that has no records, good or bad, so that `map` is called at least once. */
function orNull<R>(reader: Reader<R>): Reader<R | null> {
  return {
    ...reader,
    open(source, options) {
      const cursor = reader.open(source, options);
      let isNullDue = true;
      let isOver = false;
      const loaded = (hasMore: boolean) => {
        isOver = !hasMore;
        if ((cursor.skipped ?? 0) > 0) isNullDue = false;
        return hasMore || isNullDue;
      };
      return {
        get offset() {
          return cursor.offset;
        },
        get place() {
          return cursor.place ?? "";
        },
        get skipped() {
          return cursor.skipped ?? 0;
        },
        next() {
          const record = isOver && isNullDue ? null : cursor.next();
          if (record !== undefined) isNullDue = false;
          return record;
        },
        load() {
          if (isOver) return false;
          const loading = cursor.load();
          return typeof loading === "boolean" ? loaded(loading) : loading.then(loaded);
        },
        close: () => cursor.close?.(),
      };
    },
  };
}

const rows: Reader<Row> = csv({ columns });

export default defineApp({
  input: DISTINCT_PER === undefined ? orNull(rows) : rows,
  map(row: Row | null, emit: Emit<string | null>) {
    if (row === null) emit("all", null);
    else emit(DISTINCT_PER === undefined ? "all" : (row[DISTINCT_PER] ?? ""), row[DISTINCT] ?? "");
  },
  combine: union,
  orderValues: (a, b) => (a === b ? 0 : a === null || (b !== null && a < b) ? -1 : 1),
  reduce(_group, values) {
    let distinct = 0;
    let previous: string | null = null;
    for (const value of values) {
      if (value !== null && value !== previous) distinct += 1;
      previous = value;
    }
    return distinct;
  },
  output: tsv(),
});
