import { ByteSlice, type Text } from "../app/contract/byte-slice.ts";
import type { ClassicApp } from "../app/contract/contract.ts";
import type { RecordApp } from "../app/contract/define-app.ts";
import { ByteBuffer } from "../base/byte-target.ts";
import { MrError } from "../base/errors.ts";
import { decodeUtf8, encodeUtf8, noteGivenBytes } from "../base/utf8.ts";
import { CheckedLineSink, text, writeOutput } from "../data/output/formats.ts";
import { AppError } from "../data/task/app-error.ts";
import { GroupValues, ListedValues } from "../data/task/group-values.ts";
import { KeyLossWatch, placeOfKey } from "../data/task/key-loss-watch.ts";
import { writeResult } from "../data/task/reduce-task.ts";
import { Tally } from "../data/task/tally.ts";
import { INEXACT_SUMS } from "../job/task.ts";
import { carryValue, checkApp } from "./run-map.ts";

/** Options of {@link runReduce}. */
export interface ReduceOptions {
  /** The number of the reduce task, in `context.task`. Default 0. */
  readonly task?: number;
}

/**
 * The result of `reduce` for a key and its values.
 *
 * @typeParam Out the outputs of the app's `reduce`
 */
export interface ReduceRun<Out> {
  /** The outputs in order: everything returned, emitted or yielded except `undefined`. */
  readonly outputs: Out[];
  /** The outputs as the app's output format writes them: lines without their line ends. */
  readonly lines: string[];
  /** The counters by name, in the order of the names. */
  readonly counters: Readonly<Record<string, number>>;
}

/**
 * Calls the `reduce` of an app as a reduce task would. It passes the values as a stream that can be iterated
 * once (to a classic app: as an array), in the order of `orderValues` if the app has it.
 *
 * ```ts
 * const { lines } = await runReduce(wc, "the", [1, 2, 1]);
 * expect(lines).toEqual(["the 4"]);
 * ```
 *
 * @param app what `defineApp` returned; for a classic app its module, `import * as wc from "./wc.ts"`
 * @param key a string, or a byte slice for a key that is not UTF-8
 * @throws MrError when `reduce` throws, or its output format can't write an output; what was thrown is the
 *   `cause`
 * @throws TypeError when `app` is no app, or a value can't be carried
 */
export async function runReduce<R, V, Out>(
  app: RecordApp<R, V, Out>,
  key: Text,
  values: Iterable<V>,
  options?: ReduceOptions,
): Promise<ReduceRun<Out>>;
export async function runReduce(
  app: ClassicApp,
  key: Text,
  values: Iterable<string>,
  options?: ReduceOptions,
): Promise<ReduceRun<string>>;
export async function runReduce(
  given: ClassicApp | RecordApp,
  key: Text,
  values: Iterable<unknown>,
  { task = 0 }: ReduceOptions = {},
): Promise<ReduceRun<unknown>> {
  const { app } = checkApp(given);
  const tally = new Tally();
  const { outputs, lines } = await reduceGroup(app, key, values, task, tally);
  return { outputs, lines, counters: tally.counters.toRecord() };
}

/** @internal As {@link runReduce}, for a checked app. */
export async function reduceGroup(
  app: RecordApp,
  key: Text,
  values: Iterable<unknown>,
  task: number,
  tally: Tally,
): Promise<Omit<ReduceRun<unknown>, "counters">> {
  const keyBytes = key instanceof ByteSlice ? key.copy() : new ByteSlice(encodeUtf8(key));
  const carried = Array.from(values, carryValue);
  if (app.orderValues !== undefined) carried.sort(app.orderValues);
  const output = app.output ?? text();
  const written = new ByteBuffer(256);
  const sink = new CheckedLineSink(written);
  const outputs: unknown[] = [];
  const stream = new GroupValues(new ListedValues(carried));
  let isOver = false;
  const write = (value: unknown) => {
    if (isOver) throw new Error("emit was called after reduce had returned");
    if (value === undefined) return;
    writeOutput(output, keyBytes, value, sink);
    outputs.push(value);
  };
  const context = { keyBytes, task, counters: tally.counters, progress: () => undefined };
  const watch = new KeyLossWatch(keyBytes, (place, reason) => tally.replaceKey(place, reason));
  try {
    noteGivenBytes(keyBytes.view());
    const keyText = decodeUtf8(keyBytes.bytes, 0, keyBytes.length, "checked");
    const result: unknown = app.reduce(keyText, stream, write, context);
    await writeResult(result, write, () => undefined);
    if (stream.hasInexactSum) tally.counters.add(INEXACT_SUMS);
  } catch (error) {
    if (error instanceof MrError) throw error;
    throw new AppError(`reduce failed on ${placeOfKey(keyBytes)}`, error);
  } finally {
    isOver = true;
    stream.end();
    watch.end();
  }
  const lines = decodeUtf8(written.bytes, 0, written.length).split("\n");
  if (lines.at(-1) === "") lines.pop();
  return { outputs, lines };
}
