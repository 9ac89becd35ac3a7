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
// Groups are strings, numbers or booleans, of which "1" and 1 are two; fields are numbers. Records
// where either is anything else, or missing, are left out and counted as `left-out-records`. Numbers
// that a double can't stand for, such as 9007199254740993, are refused.
// Numbers are added without rounding, so the result does not depend on their order or on how the
// input is split. Sums and means that are integers up to 2^53 are exact; others are rounded at the
// end to fifteen digits, so that 0.1 and 0.2 are 0.3. If the sum exceeds the largest number, both are
// null.

import { defineApp, jsonLines, setting, UsageError } from "../mr/index.ts";

const GROUP_BY = setting("GROUP_BY");
const GROUP_BY_FIELD = setting("GROUP_BY_FIELD");
if (GROUP_BY === undefined || GROUP_BY_FIELD === undefined) {
  throw new UsageError("Set GROUP_BY and GROUP_BY_FIELD to the names of two members");
}

const NO_GROUP = `it has no string, number or boolean ${JSON.stringify(GROUP_BY)}`;
const NO_FIELD = `it has no number ${JSON.stringify(GROUP_BY_FIELD)}`;

interface Aggregates {
  readonly count: number;
  /** Numbers whose sum it is, in ascending order; the digits of no two of them overlap. */
  readonly sum: readonly number[];
  /** The same for numbers from GREAT on, divided by GREAT, so that no intermediate sum overflows. */
  readonly great: readonly number[];
  readonly min: number;
  readonly max: number;
}

const GREAT = 2 ** 900;

/** The totals of a part of a group. Those of two parts can be combined; their means could not. */
function add(a: Aggregates, b: Aggregates): Aggregates {
  return {
    count: a.count + b.count,
    sum: b.sum.reduce(plus, a.sum),
    great: b.great.reduce(plus, a.great),
    min: Math.min(a.min, b.min),
    max: Math.max(a.max, b.max),
  };
}

/** Adds a number to a sum of several numbers without rounding (Shewchuk, 1997). */
function plus(sum: readonly number[], added: number): number[] {
  const parts: number[] = [];
  let great = added;
  for (const part of sum) {
    const [a, b] = Math.abs(part) > Math.abs(great) ? [part, great] : [great, part];
    great = a + b;
    const lost = b - (great - a);
    if (lost !== 0) parts.push(lost);
  }
  return [...parts, great];
}

/** The number nearest to a sum; of two that are equally near, the even one. */
function nearest(sum: readonly number[]): number {
  let total = 0;
  let lost = 0;
  let left = sum.length;
  while (left > 0 && lost === 0) {
    const part = sum[--left] ?? 0;
    const next = total + part;
    lost = part - (next - total);
    total = next;
  }
  // It is half way between two numbers only if no further part follows.
  const hasMore = Math.sign(sum[left - 1] ?? 0) === Math.sign(lost);
  const other = total + 2 * lost;
  return hasMore && other - total === 2 * lost ? other : total;
}

const NONE: Aggregates = { count: 0, sum: [], great: [], min: Infinity, max: -Infinity };

export default defineApp({
  input: jsonLines<Record<string, unknown> | null>(),
  map(record, emit, context) {
    const group = record?.[GROUP_BY];
    const field = record?.[GROUP_BY_FIELD];
    if (typeof field === "number" && ["string", "number", "boolean"].includes(typeof group)) {
      const [sum, great] = Math.abs(field) < GREAT ? [[field], []] : [[], [field / GREAT]];
      emit(JSON.stringify(group), { count: 1, sum, great, min: field, max: field });
    } else {
      const isField = typeof field === "number";
      context.badRecord("left-out-records", isField ? NO_GROUP : NO_FIELD);
    }
  },
  combine: add,
  reduce(_group, parts) {
    let all = NONE;
    for (const part of parts) all = add(all, part);
    const { count, min, max } = all;
    const great = all.great.map((part) => part * GREAT);
    const sum = nearest(all.sum.reduce(plus, great));
    return { count, sum: rounded(sum), min, max, mean: rounded(sum / count) };
  },
  // The format of jsonLines(), with a key that is JSON already.
  output: {
    name: "JSON lines",
    write(group, value, sink) {
      sink.text('{"key":');
      sink.bytes(group.bytes, group.start, group.end);
      sink.text(`,"value":${JSON.stringify(value)}}\n`);
    },
  },
});

function rounded(value: number): number | null {
  if (Number.isSafeInteger(value)) return value;
  // Rounding the largest numbers to fifteen digits would overflow.
  return [Number(value.toPrecision(15)), value].find(Number.isFinite) ?? null;
}
