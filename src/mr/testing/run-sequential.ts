import { ByteSlice } from "../app/contract/byte-slice.ts";
import type { ClassicApp } from "../app/contract/contract.ts";
import type { RecordApp } from "../app/contract/define-app.ts";
import { minReduces } from "../app/contract/partitioners.ts";
import { quoteKey } from "../base/thrown.ts";
import { decodeUtf8 } from "../base/utf8.ts";
import { AppError } from "../data/task/app-error.ts";
import { checkInputs } from "../data/task/check-inputs.ts";
import { checkCombine, checkPartition } from "../data/task/check-shuffle.ts";
import { Tally } from "../data/task/tally.ts";
import { DEFAULT_REDUCES } from "../job/limits.ts";
import { carryValue, checkApp, type InputText, mapInput } from "./run-map.ts";
import { type ReduceRun, reduceGroup } from "./run-reduce.ts";

/** One input; several, called `input-1.txt`, `input-2.txt`, …; or several by their names, in order. */
export type SequentialInputs =
  | InputText
  | readonly InputText[]
  | Readonly<Record<string, InputText>>;

/** Options of {@link runSequential}. */
export interface SequentialOptions {
  /**
   * Combine the values of a key for each input, and then the results again, before `reduce` gets them, as a
   * job may do. An app is correct only if that does not change its output. Default false.
   */
  readonly combine?: boolean;
  /** Skip and count records that are malformed or on which `map` throws. Default false. */
  readonly skipBadRecords?: boolean;
  /**
   * The number of reduce tasks that `partition` is called with: the run fails if the result is not one of them.
   * Default 10, or as many as `rangePartition` needs. There is one output in any case.
   */
  readonly reduces?: number;
}

/**
 * The result of a job.
 *
 * @typeParam Out the outputs of the app's `reduce`
 */
export interface SequentialRun<Out> extends Omit<ReduceRun<Out>, "outputs"> {
  /** Each output with its key, in the order of the keys' bytes. */
  readonly outputs: (readonly [key: string, output: Out])[];
}

/** The bytes of a key as a string of one unit per byte, which orders as bytes do. */
type Latin1 = string;

/**
 * Runs a whole job over inputs in memory, in this process: every `map`, then every `reduce`, in the
 * order of the keys' bytes, with one reduce task.
 *
 * ```ts
 * const { lines } = await runSequential(wc, { "a.txt": "the cat", "b.txt": "the dog" });
 * expect(lines).toEqual(["cat 1", "dog 1", "the 2"]);
 * ```
 *
 * @param app what `defineApp` returned; for a classic app its module, `import * as wc from "./wc.ts"`
 * @throws MrError as `runMap` and `runReduce` do
 * @throws TypeError when `app` is no app
 */
export async function runSequential<R, V, Out>(
  app: RecordApp<R, V, Out>,
  inputs: SequentialInputs,
  options?: SequentialOptions,
): Promise<SequentialRun<Out>>;
export async function runSequential(
  app: ClassicApp,
  inputs: SequentialInputs,
  options?: SequentialOptions,
): Promise<SequentialRun<string>>;
export async function runSequential(
  given: ClassicApp | RecordApp,
  inputs: SequentialInputs,
  { combine = false, skipBadRecords = false, reduces }: SequentialOptions = {},
): Promise<SequentialRun<unknown>> {
  const under = checkApp(given);
  const { app } = under;
  const tasks = reduces ?? Math.max(DEFAULT_REDUCES, minReduces(app.partition));
  const fold = (values: unknown[]) => (combine ? combined(app, values) : values);
  const tally = new Tally();
  const groups = new Map<Latin1, unknown[]>();
  const named = namedInputs(inputs);
  checkInputs(
    app,
    named.map(([file]) => file),
  );
  for (const [task, [file, input]] of named.entries()) {
    const pairs = await mapInput(under, input, { file, task, skipBadRecords }, tally);
    const ofInput = new Map<Latin1, unknown[]>();
    for (const { key, value } of pairs) {
      append(ofInput, Buffer.from(key).toString("latin1"), [value]);
    }
    for (const [key, values] of ofInput) append(groups, key, fold(values));
  }
  const outputs: [string, unknown][] = [];
  const lines: string[] = [];
  for (const [latin1, all] of [...groups].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const key = new ByteSlice(Buffer.from(latin1, "latin1"));
    checkShuffle(app, key, all, tasks);
    const reduced = await reduceGroup(app, key, fold(all), 0, tally);
    for (const output of reduced.outputs) outputs.push([decodeUtf8(key.bytes), output]);
    // One at a time: there may be more lines than a call can have arguments.
    for (const line of reduced.lines) lines.push(line);
  }
  return { outputs, lines, counters: tally.counters.toRecord() };
}

/** @throws AppError when a job can't combine the values of the key, or has no reduce task for it */
function checkShuffle(
  { combine, partition }: RecordApp,
  key: ByteSlice,
  values: readonly unknown[],
  reduces: number,
): void {
  const text = () => decodeUtf8(key.bytes);
  let what = "combine";
  try {
    checkCombine(combine, values, carryValue);
    what = "partition";
    if (partition !== undefined) checkPartition(partition(text(), reduces), reduces);
  } catch (error) {
    throw new AppError(`${what} failed on key ${quoteKey(text())}`, error);
  }
}

function append(groups: Map<Latin1, unknown[]>, key: Latin1, values: unknown[]): void {
  const group = groups.get(key);
  if (group === undefined) groups.set(key, values);
  else for (const value of values) group.push(value);
}

function combined({ combine }: RecordApp, values: unknown[]): unknown[] {
  if (combine === undefined) return values;
  if (typeof combine !== "function") return combine.of(values);
  return [values.reduce((first, second) => combine(first, second))];
}

function namedInputs(inputs: SequentialInputs): [name: string, input: InputText][] {
  if (typeof inputs === "string" || inputs instanceof Uint8Array) return [["input.txt", inputs]];
  if (!Array.isArray(inputs)) return Object.entries(inputs);
  // Array.isArray tells TypeScript nothing of read-only arrays.
  return (inputs as readonly InputText[]).map((input, at) => [`input-${at + 1}.txt`, input]);
}
