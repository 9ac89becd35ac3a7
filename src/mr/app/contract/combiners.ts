import { ByteSlice } from "./byte-slice.ts";

/** Combines two values of the same key, of which `first` came first. It must be associative. */
export type Fold<V> = (first: V, second: V) => V;

/** A fold of the library, which also folds all values of a key in one call. */
export interface NumberFold extends Fold<number> {
  /**
   * The fold of all `values`.
   *
   * @throws TypeError when a value is not a number
   */
  of(values: Iterable<number>): number;
}

/** A combiner that keeps one of each distinct value of a key. */
export interface Union {
  /** Distinguishes it from a function of two values. */
  readonly isUnion: true;
  /** The distinct values, in the order of their first occurrence. */
  of<V>(values: Iterable<V>): V[];
}

// No call signature: one for any `V` would make the compiler infer `unknown` values.
/** A combiner that keeps the value that comes first. */
export interface First {
  /** Distinguishes it from other functions of two values. */
  readonly isFirst: true;
  /** The first of `values`; undefined if there is none. */
  of<V>(values: Iterable<V>): V | undefined;
}

/** The folds of the library that have a fast path. */
export type NumberFoldKind = "sum" | "count" | "min" | "max";

/** Numbers of one group: numbers[at] occurs counts[at] times, for each `at` in [from, to). */
export interface NumberRuns {
  readonly numbers: Float64Array;
  readonly counts: Float64Array;
  readonly from: number;
  readonly to: number;
}

/** Values in runs of equal ones, so that a sum adds each run only once. */
export interface RunIterable<V> extends Iterable<V> {
  /** Moves on to the next run; false at the end. */
  nextRun(): boolean;
  /** Moves past several runs of numbers at once; undefined if there are none to be had at once. */
  nextNumbers(): NumberRuns | undefined;
  /** Counts a sum of these values that may not be exact. */
  noteInexactSum(): void;
  readonly runLength: number;
  readonly runValue: V;
}

const kinds = new WeakMap<object, NumberFoldKind>();

/** The kind of a combiner that has a fast path; undefined for all others. */
export function numberFoldKind(combine: object): NumberFoldKind | undefined {
  return kinds.get(combine);
}

/**
 * Adds numbers. Sums of whole numbers are exact while all of them are below 2⁵³. The last digits of larger sums, and
 * of sums of fractions, depend on the order of addition, and so on how the input is split, as in any floating-point
 * arithmetic. A job counts the keys whose `sum.of` in `reduce` is 2⁵³ or larger, or −2⁵³ or smaller, as `sums-inexact`. For
 * larger whole numbers, emit text and add BigInts in `reduce`; for counts, use {@link count}.
 */
export const sum: NumberFold = numberFold("sum", (a, b) => a + b, 0);

/**
 * Adds counts: like {@link sum}, but only for whole numbers from 0 to 2⁵³ − 1, so the result is exact.
 *
 * @throws TypeError for any other number
 */
export const count: NumberFold = numberFold("count", addCounts, 0);

/** The smallest value; `min.of` of no values is Infinity. */
export const min: NumberFold = numberFold("min", Math.min, Infinity);

/** The largest value; `max.of` of no values is −Infinity. */
export const max: NumberFold = numberFold("max", Math.max, -Infinity);

/** Keeps the value that comes first in the input; `first.of` of no values is undefined. */
export const first: First = Object.assign(<V>(a: V, _b: V): V => a, {
  isFirst: true as const,
  of<V>(values: Iterable<V>): V | undefined {
    for (const value of values) return value;
    return undefined;
  },
});

/** Keeps one of each distinct value. Values are equal if their JSON text is. */
export const union: Union = {
  isUnion: true,
  of<V>(values: Iterable<V>): V[] {
    const distinct = new Map<string, V>();
    for (const value of values) {
      if (value instanceof ByteSlice) {
        const identity = `bytes ${value.view().toString("latin1")}`;
        // The slice is reused for the next value.
        if (!distinct.has(identity)) distinct.set(identity, value.copy() as V & ByteSlice);
        continue;
      }
      const identity = `${typeof value} ${JSON.stringify(value)}`;
      if (!distinct.has(identity)) distinct.set(identity, value);
    }
    return [...distinct.values()];
  },
};

function numberFold(kind: NumberFoldKind, fold: Fold<number>, empty: number): NumberFold {
  const isAdding = kind === "sum" || kind === "count";
  /** The fold of `times` equal values. */
  const repeat = (value: number, times: number) => (isAdding ? value * times : value);
  const of = (values: Iterable<number>): number => {
    let result = empty;
    if (hasRuns(values)) {
      for (;;) {
        const runs = values.nextNumbers();
        if (runs !== undefined) {
          const { numbers, counts, to } = runs;
          for (let at = runs.from; at < to; at++) {
            result = fold(result, repeat(numbers[at] ?? 0, counts[at] ?? 0));
          }
        }
        if (!values.nextRun()) break;
        result = fold(result, repeat(checkNumber(kind, values.runValue), values.runLength));
      }
      if (kind === "sum" && Math.abs(result) > Number.MAX_SAFE_INTEGER) values.noteInexactSum();
      return result;
    }
    for (const value of values) result = fold(result, checkNumber(kind, value));
    return result;
  };
  const combiner: NumberFold = Object.assign((a: number, b: number) => fold(a, b), { of });
  kinds.set(combiner, kind);
  return combiner;
}

/** Whether values can be iterated run by run. */
export function hasRuns<V>(values: Iterable<V>): values is RunIterable<V> {
  return "nextRun" in values;
}

function checkNumber(kind: NumberFoldKind, value: unknown): number {
  if (typeof value === "number") return value;
  throw new TypeError(`${kind} takes numbers, not the ${typeof value} ${String(value)}`);
}

function addCounts(a: number, b: number): number {
  const total = a + b;
  if (Number.isSafeInteger(total) && a >= 0 && b >= 0 && Number.isInteger(a)) return total;
  throw new TypeError(`count takes whole numbers from 0 to 2^53 - 1, not ${a} and ${b}`);
}
