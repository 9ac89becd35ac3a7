import { ByteSlice, type Text } from "../app/contract/byte-slice.ts";
import type { ClassicApp } from "../app/contract/contract.ts";
import { checkRecordApp, type RecordApp } from "../app/contract/define-app.ts";
import { WordScan } from "../app/text/word-scan.ts";
import { checkJsonValue } from "../base/json-value.ts";
import { decodeUtf8, encodeUtf8 } from "../base/utf8.ts";
import type { OpenInput } from "../data/input/open-input.ts";
import { recordFormOf } from "../data/task/classic-form.ts";
import { RecordMapper } from "../data/task/record-mapper.ts";
import { StagedPairs } from "../data/task/staged-pairs.ts";
import { Tally } from "../data/task/tally.ts";
import { createKernel } from "../kernel/create-kernel.ts";

/** The contents of an input file: a string, which is encoded as UTF-8, or bytes. They are never decompressed. */
export type InputText = string | Uint8Array;

/** Options of {@link runMap}. */
export interface MapOptions {
  /** The name of the input, in `context.file` and in errors. Default `input.txt`. */
  readonly file?: string;
  /** The number of the map task, in `context.task`. Default 0. */
  readonly task?: number;
  /** Skip and count records that are malformed or on which `map` throws. Default false. */
  readonly skipBadRecords?: boolean;
}

/**
 * The result of `map` for an input.
 *
 * @typeParam V the values of the app
 */
export interface MapRun<V> {
  /**
   * The pairs in the order in which they were emitted. Keys are strings, even if they were emitted as byte
   * slices; values are as emitted, with byte slices copied.
   */
  readonly pairs: (readonly [key: string, value: V])[];
  /** The counters by name, in the order of the names. */
  readonly counters: Readonly<Record<string, number>>;
}

/** @internal A pair as emitted: keys that are not UTF-8 are distinguished by their bytes. */
export interface BytePair {
  readonly key: Uint8Array;
  readonly value: unknown;
}

const UNCOUNTED = {
  addBytes: () => undefined,
  addRecords: () => undefined,
  alive: () => undefined,
  workDone: () => undefined,
};

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
 * @throws MrError that names the record when it is malformed, or `map` throws on it or emits a value that can't
 *   be carried; what was thrown is the `cause`
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
  const tally = new Tally();
  const pairs = await mapInput(checkApp(app), input, options, tally);
  return {
    pairs: pairs.map(({ key, value }) => [decodeUtf8(key), value] as const),
    counters: tally.counters.toRecord(),
  };
}

/** @internal As {@link runMap}, for a checked app. */
export async function mapInput(
  { app, isClassic }: AppUnderTest,
  input: InputText,
  { file = "input.txt", task = 0, skipBadRecords = false }: MapOptions,
  tally: Tally,
): Promise<BytePair[]> {
  const scanner = createKernel();
  const words = new WordScan(scanner);
  const pairs: BytePair[] = [];
  const emit = (key: Text, value: unknown) => {
    const bytes = key instanceof ByteSlice ? key.copy().bytes : encodeUtf8(key);
    pairs.push({ key: bytes, value: carryValue(value) });
  };
  const staged = new StagedPairs(emit, app.combine);
  const how = { skipBadRecords, tally, progress: UNCOUNTED };
  const mapping = { app, isClassic, ofApp: "", task, scanner, words, emit, staged, ...how };
  try {
    await new RecordMapper(new MemoryInput(file, input), mapping).run();
  } finally {
    staged.close();
  }
  return pairs;
}

/** @internal An app under test, in the form in which tasks run it. */
export interface AppUnderTest {
  readonly app: RecordApp;
  readonly isClassic: boolean;
}

/** @internal Takes an app of either form. @throws TypeError that names what is missing or misspelt */
export function checkApp(given: unknown): AppUnderTest {
  if (typeof given === "object" && given !== null && !("input" in given)) {
    if (isClassic(given)) return { app: recordFormOf(given), isClassic: true };
    // A module instead of its default export: CommonJS imports it so.
    if ("default" in given) return checkApp(given.default);
  }
  return { app: checkRecordApp(given), isClassic: false };
}

function isClassic(app: object): app is ClassicApp {
  const { map, reduce } = app as Partial<ClassicApp>;
  return typeof map === "function" && typeof reduce === "function";
}

/** @internal A value as it arrives at `reduce`: a copy. @throws TypeError when JSON can't carry it */
export function carryValue<V>(value: V): V {
  if (value instanceof ByteSlice) return value.copy() as V & ByteSlice;
  if (typeof value === "string") return value;
  checkJsonValue(value);
  return JSON.parse(JSON.stringify(value)) as V;
}

/** @internal An input file in memory. */
export class MemoryInput implements OpenInput {
  readonly file: string;
  readonly start = 0;
  readonly end: number;
  bytesRead = 0;
  readonly #bytes: Uint8Array;

  constructor(file: string, contents: string | Uint8Array) {
    this.file = file;
    this.#bytes = typeof contents === "string" ? encodeUtf8(contents) : contents;
    this.end = this.#bytes.length;
  }

  read(target: Uint8Array, from: number, position: number): number {
    const part = this.#bytes.subarray(position, position + target.length - from);
    target.set(part, from);
    this.bytesRead += part.length;
    return part.length;
  }

  async checkUnchanged(): Promise<void> {
    // Memory is the caller's, who waits.
  }

  close(): void {
    // Memory needs no closing.
  }
}
