// Join: the rows of two tables that have the same value in a column, side by side.
//
//     JOIN=user_id tsmr run join users.csv orders.csv
//
// Input is CSV with headers. JOIN names the column, which both tables must have (default `user_id`).
// JOIN_LEFT is the name or the path of a file (default `users.csv`). The rows of that file are the
// left ones, those of all other files the right ones:
//
//     user_id,name              order_id,user_id,amount
//     7,Ann                     1,7,12.50
//     8,Bob                     2,7,3.99
//
// Output is one line for each left row with each right row of the same value, with tabs between the
// fields: that value, then the other fields of the left row, then those of the right row:
//
//     7	Ann	1	12.50
//     7	Ann	2	3.99
//
// Rows without a counterpart are left out (an inner join) and counted as `left-without-right` and
// `right-without-left`. The counter `left-rows` is the number of rows of the left file. The job fails
// if no input has the name in JOIN_LEFT.
//
// The left rows of a value reach reduce first. It keeps them in memory, and streams the right ones.

import { normalize } from "node:path";
import { csv, defineApp, type Emit, setting, tsv, UsageError } from "../mr/index.ts";

const JOIN = setting("JOIN", "user_id");
const JOIN_LEFT = setting("JOIN_LEFT", "users.csv");
const LEFT_ENDING = `/${normalize(JOIN_LEFT)}`;
/** How many inputs an error names. */
const MAX_NAMES = 10;

interface Row {
  readonly side: "left" | "right";
  readonly fields: string[];
}

function isLeft(file: string): boolean {
  return `/${normalize(file)}`.endsWith(LEFT_ENDING);
}

export default defineApp({
  // Arrays keep the order of the columns; objects may not.
  input: csv({ entries: true }),
  checkInputs(files) {
    if (files.some(isLeft)) return;
    const names = files.slice(0, MAX_NAMES).map((file) => `"${file}"`);
    if (files.length > MAX_NAMES) names.push("…");
    const inputs = `the inputs are ${names.join(", ")}`;
    throw new UsageError(`Set JOIN_LEFT to the left table: no input is "${JOIN_LEFT}" (${inputs})`);
  },
  map(row, emit: Emit<Row>, { file, counters }) {
    const value = row.find(([column]) => column === JOIN)?.[1];
    if (value === undefined) {
      const names = row.map(([column]) => `"${column}"`).join(", ");
      throw new UsageError(`Cannot join "${file}": it has no column "${JOIN}" (${names})`);
    }
    const others = row.filter(([column]) => column !== JOIN);
    const side = isLeft(file) ? "left" : "right";
    counters.add("left-rows", side === "left" ? 1 : 0);
    emit(value, { side, fields: others.map(([, field]) => field) });
  },
  orderValues: (a, b) => Number(a.side === "right") - Number(b.side === "right"),
  *reduce(_value, rows, _emit, { counters }) {
    const left: string[][] = [];
    let rights = 0;
    for (const { side, fields } of rows) {
      if (side === "left") {
        left.push(fields);
        continue;
      }
      rights += 1;
      for (const leftFields of left) yield [...leftFields, ...fields];
    }
    if (rights === 0) counters.add("left-without-right", left.length);
    if (left.length === 0) counters.add("right-without-left", rights);
  },
  output: tsv(),
});
