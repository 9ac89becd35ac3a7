import { ByteSlice } from "../../app/contract/byte-slice.ts";
import type { RecordApp } from "../../app/contract/define-app.ts";
import { checkJsonValue } from "../../base/json-value.ts";
import { describeThrown, quoteKey } from "../../base/thrown.ts";

/** Longer lists are combined in parts: a fold that copies what it has so far takes quadratic time. */
const MAX_FOLDED = 1000;

/**
 * Combines values of a key and drops the result, for runs that do not combine: they refuse a `combine` that tasks
 * refuse.
 *
 * @param carry copies a value, which `combine` may change
 * @throws what `combine` throws, or a TypeError when JSON can't carry what it returns
 */
export function checkCombine(
  combine: RecordApp["combine"],
  values: readonly unknown[],
  carry: (value: unknown) => unknown,
): void {
  if (typeof combine !== "function") return;
  const fold = combine as (first: unknown, second: unknown) => unknown;
  for (let start = 0; start + 1 < values.length; start += MAX_FOLDED) {
    let result = carry(values[start]);
    const end = Math.min(values.length, start + MAX_FOLDED);
    for (let at = start + 1; at < end; at++) result = fold(result, carry(values[at]));
    if (!(result instanceof ByteSlice)) checkJsonValue(result);
  }
}

/**
 * Checks what a partitioner has returned: an app without types may return anything.
 *
 * @throws TypeError when it is not the number of a reduce task
 */
export function checkPartition(partition: unknown, reduces: number): number {
  if (typeof partition === "number" && Number.isInteger(partition)) {
    if (partition >= 0 && partition < reduces) return partition;
  }
  const given = typeof partition === "string" ? quoteKey(partition) : describeThrown(partition);
  throw new TypeError(`partition gave ${given}, not a whole number from 0 to ${reduces - 1}`);
}
