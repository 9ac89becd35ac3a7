import type { Emit } from "../../app/contract/contract.ts";
import { describeValue } from "./app-error.ts";
import type { ProgressMeter } from "./task-context.ts";

/**
 * Emits the pairs that `map` has returned: as an iterable or an async iterable, or a promise of one.
 *
 * @param isClassic classic apps return pairs of strings only
 * @returns a promise if it takes time
 * @throws TypeError with the number of the first result that is not a pair
 */
export function emitResult(
  result: unknown,
  emit: Emit<unknown>,
  isClassic: boolean,
  progress: ProgressMeter,
): Promise<void> | undefined {
  if (typeof result !== "object" || result === null) {
    if (isClassic) throw new TypeError(`it returned ${describeValue(result)}, not pairs`);
    return undefined;
  }
  if ("then" in result && typeof result.then === "function") {
    return Promise.resolve(result).then((later) => emitResult(later, emit, isClassic, progress));
  }
  const emitPair = isClassic ? emitClassicPair : emitRecordPair;
  if (Symbol.asyncIterator in result) {
    return emitLater(result as AsyncIterable<unknown>, emit, emitPair, progress);
  }
  if (Symbol.iterator in result) {
    let number = 0;
    for (const pair of result as Iterable<unknown>) {
      number += 1;
      emitPair(pair, number, emit);
      progress.addRecords(1);
    }
    return undefined;
  }
  throw new TypeError(`it returned ${describeValue(result)}, which has no pairs to go through`);
}

async function emitLater(
  pairs: AsyncIterable<unknown>,
  emit: Emit<unknown>,
  emitPair: typeof emitRecordPair,
  progress: ProgressMeter,
): Promise<void> {
  let number = 0;
  for await (const pair of pairs) {
    number += 1;
    emitPair(pair, number, emit);
    progress.addRecords(1);
  }
}

function emitRecordPair(pair: unknown, number: number, emit: Emit<unknown>): void {
  if (!Array.isArray(pair) || pair.length !== 2) {
    throw new TypeError(`pair ${number} is ${describeValue(pair)}, not a [key, value]`);
  }
  emit(pair[0], pair[1]);
}

function emitClassicPair(pair: unknown, number: number, emit: Emit<unknown>): void {
  if (typeof pair !== "object" || pair === null) {
    throw new TypeError(`pair ${number} is ${describeValue(pair)}, not a { key, value }`);
  }
  const { key, value } = pair as { key?: unknown; value?: unknown };
  if (typeof key !== "string") {
    throw new TypeError(`the key of pair ${number} is ${describeValue(key)}, not a string`);
  }
  if (typeof value !== "string") {
    throw new TypeError(`the value of pair ${number} is ${describeValue(value)}, not a string`);
  }
  emit(key, value);
}
