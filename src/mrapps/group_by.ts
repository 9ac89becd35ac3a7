// Group by: number, sum, least, greatest and mean of a field, for each value of another.
//
//     GROUP_BY=country GROUP_BY_FIELD=amount tsmr run group_by 'sales/*.jsonl'
//
// Both must be set. Input is JSON lines, one object each:
//
//     {"country":"no","amount":12.5,"order":1}
//     {"country":"no","amount":7.5,"order":2}
//
// Output is JSON lines, one a group:
//
//     {"key":"no","value":{"count":2,"sum":20,"min":7.5,"max":12.5,"mean":10}}
//
// Groups are strings, numbers or booleans, fields are numbers. Records where either is anything
// else, or missing, are left out and counted as `left-out-records`. Sum and mean are given with
// twelve digits: further ones would depend on the order in which fractions are added, and so on how
// the input is split.

import { defineApp, jsonLines, setting, UsageError } from "../mr/index.ts";

const GROUP_BY = setting("GROUP_BY");
const GROUP_BY_FIELD = setting("GROUP_BY_FIELD");
if (GROUP_BY === undefined || GROUP_BY_FIELD === undefined) {
  throw new UsageError("Set GROUP_BY and GROUP_BY_FIELD to the names of two members");
}

interface Aggregates {
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
}

/** Of two parts of a group. All four can be made of those of the parts; the mean could not. */
function add(a: Aggregates, b: Aggregates): Aggregates {
  return {
    count: a.count + b.count,
    sum: a.sum + b.sum,
    min: Math.min(a.min, b.min),
    max: Math.max(a.max, b.max),
  };
}

const NONE: Aggregates = { count: 0, sum: 0, min: Infinity, max: -Infinity };

export default defineApp({
  input: jsonLines<Record<string, unknown> | null>(),
  map(record, emit, { counters }) {
    const group = record?.[GROUP_BY];
    const field = record?.[GROUP_BY_FIELD];
    if (typeof field === "number" && ["string", "number", "boolean"].includes(typeof group)) {
      emit(String(group), { count: 1, sum: field, min: field, max: field });
    } else {
      counters.add("left-out-records");
    }
  },
  combine: add,
  reduce(_group, parts) {
    let all = NONE;
    for (const part of parts) all = add(all, part);
    const { count, sum, min, max } = all;
    return { count, sum: rounded(sum), min, max, mean: rounded(sum / count) };
  },
  output: jsonLines(),
});

function rounded(value: number): number {
  return Number(value.toPrecision(12));
}
