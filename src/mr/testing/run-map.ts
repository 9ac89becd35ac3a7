import { ByteSlice, type Text } from "../app/contract/byte-slice.ts";
import type { ClassicApp, MapContext } from "../app/contract/contract.ts";
import type { RecordApp } from "../app/contract/define-app.ts";
import type { RecordCursor } from "../app/contract/reader.ts";
import { WordScan } from "../app/text/word-scan.ts";
import { MrError } from "../base/errors.ts";
import { decodeUtf8, encodeUtf8 } from "../base/utf8.ts";
import { AppError } from "../data/task/app-error.ts";
import { CounterSet } from "../data/task/counter-set.ts";
import { emitResult } from "../data/task/emit-result.ts";
import { StagedPairs } from "../data/task/staged-pairs.ts";
import { SKIPPED_RECORDS } from "../job/task.ts";
import { createKernel } from "../kernel/create-kernel.ts";
import { carryValue } from "./carry-value.ts";
import { type AppUnderTest, checkApp } from "./check-app.ts";
import { MemoryInput } from "./memory-input.ts";

/** What is in an input file: a string, which is taken as UTF-8, or bytes. Never decompressed. */
export type InputText = string | Uint8Array;

/** How {@link runMap} is to run. */
export interface MapOptions {
  /** What the input is called, in `context.file` and in errors. Default `input.txt`. */
  readonly file?: string;
  /** The number of the map task, in `context.task`. Default 0. */
  readonly task?: number;
  /** Leave out and count records that are malformed, or that `map` throws on. Default false. */
  readonly skipBadRecords?: boolean;
}

/**
 * What `map` made of an input.
 *
 * @typeParam V the values of the app
 */
export interface MapRun<V> {
  /**
   * The pairs in the order they were emitted. Keys are strings, also those that were emitted as byte
   * slices; values are what they were, byte slices copied.
   */
  readonly pairs: (readonly [key: string, value: V])[];
  /** What was counted, by name, in the order of the names. */
  readonly counters: Readonly<Record<string, number>>;
}

/** @internal A pair as emitted: keys that are not UTF-8 are kept apart by their bytes. */
export interface BytePair {
  readonly key: Uint8Array;
  readonly value: unknown;
}

const NO_PROGRESS = { addBytes: () => undefined, addRecords: () => undefined };

/**
 * Runs the `map` of an app over the records of one input, as a map task would, without combining.
 *
 * ```ts
 * const { pairs } = await runMap(wc, "to be or\nnot to be");
 * expect(pairs.slice(0, 2)).toEqual([["to", 1], ["be", 1]]);
 * ```
 *
 * @param app what `defineApp` returned; for a classic app its module, `import * as wc from "./wc.ts"`
 * @param input the contents of one input file, which the app's reader makes records of
 * @throws MrError when `map` throws, or emits what can't be carried, naming the record; what it threw
 *   is the `cause`. So does a malformed record.
 * @throws TypeError when `app` is no app
 */
export async function runMap<R, V, Out>(
  app: RecordApp<R, V, Out>,
  input: InputText,
  options?: MapOptions,
): Promise<MapRun<V>>;
export async function runMap(
  app: ClassicApp,
  input: InputText,
  options?: MapOptions,
): Promise<MapRun<string>>;
export async function runMap(
  app: ClassicApp | RecordApp,
  input: InputText,
  options: MapOptions = {},
): Promise<MapRun<unknown>> {
  const counters = new CounterSet();
  const pairs = await mapInput(checkApp(app), input, options, counters);
  return {
    pairs: pairs.map(({ key, value }) => [decodeUtf8(key), value] as const),
    counters: counters.toRecord(),
  };
}

/** @internal As {@link runMap}, for an app that was checked. */
export async function mapInput(
  under: AppUnderTest,
  input: InputText,
  options: MapOptions,
  counters: CounterSet,
): Promise<BytePair[]> {
  const { app } = under;
  const { file = "input.txt", task = 0, skipBadRecords = false } = options;
  const scanner = createKernel();
  const words = new WordScan(scanner);
  const source = new MemoryInput(file, input);
  const cursor = app.input.open(source, { skipBadRecords, scanner, words });
  const pairs: BytePair[] = [];
  const staged = new StagedPairs((key, value) => {
    pairs.push({ key: bytesOf(key), value: carryValue(value) });
  }, app.combine);
  const context: MapContext = {
    file,
    task,
    counters,
    get offset() {
      return cursor.offset;
    },
  };
  try {
    while (await cursor.load()) {
      for (let record = cursor.next(); record !== undefined; record = cursor.next()) {
        try {
          const result: unknown = app.map(record, staged.emit, context);
          await emitResult(result, staged.emit, under, NO_PROGRESS);
          staged.release();
        } catch (error) {
          if (error instanceof MrError) throw error;
          if (!skipBadRecords) throw new AppError(`map failed on ${place(cursor, file)}`, error);
          staged.drop();
          counters.add(SKIPPED_RECORDS);
        }
      }
    }
  } finally {
    cursor.close?.();
  }
  if ((cursor.skipped ?? 0) > 0) counters.add(SKIPPED_RECORDS, cursor.skipped);
  return pairs;
}

function bytesOf(key: Text): Uint8Array {
  return key instanceof ByteSlice ? key.copy().bytes : encodeUtf8(key);
}

/** The record at hand, in words. */
function place({ offset, place: known }: RecordCursor<unknown>, file: string): string {
  if (known !== undefined) return `${known} of "${file}"`;
  return offset <= 0 ? `"${file}"` : `the record at byte ${offset} of "${file}"`;
}
