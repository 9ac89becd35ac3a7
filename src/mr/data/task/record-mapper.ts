import type { Emit, MapContext } from "../../app/contract/contract.ts";
import type { RecordApp } from "../../app/contract/define-app.ts";
import type { RecordCursor } from "../../app/contract/reader.ts";
import type { WordScan } from "../../app/text/word-scan.ts";
import { MrError } from "../../base/errors.ts";
import { describeThrown } from "../../base/thrown.ts";
import type { BlockScanner } from "../../kernel/kernel.ts";
import { LossWatch } from "../input/loss-watch.ts";
import type { OpenInput } from "../input/open-input.ts";
import { AppError, describeValue } from "./app-error.ts";
import type { StagedPairs } from "./staged-pairs.ts";
import type { Tally } from "./tally.ts";
import type { ProgressMeter, TaskContext } from "./task-context.ts";

/** How records are mapped: the same for all files of a task. */
export interface Mapping extends Pick<TaskContext, "skipBadRecords" | "progress"> {
  readonly app: RecordApp;
  /** Whether `app` is the record form of a classic app, which is checked more strictly. */
  readonly isClassic: boolean;
  /** Follows `map` and `combine` in errors, such as ` of wc.ts`. */
  readonly ofApp: string;
  readonly task: number;
  readonly scanner: BlockScanner;
  readonly words: WordScan;
  /** Takes the pairs, unless they are staged. */
  readonly emit: Emit<unknown>;
  /** Holds back the pairs of a record until all of it is mapped. Needed to skip bad records. */
  readonly staged: StagedPairs | undefined;
  readonly tally: Tally;
}

/** Progress is reported this often, in records: seldom enough to cost nothing. */
const RECORDS_PER_REPORT = 1024;

export class RecordMapper {
  readonly #mapping: Mapping;
  readonly #input: OpenInput;
  readonly #cursor: RecordCursor<unknown>;
  readonly #emit: Emit<unknown>;
  readonly #staged: StagedPairs | undefined;
  readonly #context: MapContext;

  constructor(input: OpenInput, mapping: Mapping) {
    this.#mapping = mapping;
    this.#input = input;
    this.#staged = mapping.staged;
    this.#emit = mapping.staged?.emit ?? mapping.emit;
    const { app, task, skipBadRecords, scanner, words, tally, progress } = mapping;
    const { file } = input;
    const onSkipped = (place: string, reason: string) => tally.list(file, place, reason);
    const onReplaced = (place: string, reason: string) => tally.replace(file, place, reason);
    const alive = () => progress.alive();
    const how = { skipBadRecords, onSkipped, onReplaced, progress: alive, scanner, words };
    const cursor = app.input.open(input, how);
    this.#cursor = cursor;
    this.#context = {
      file,
      task,
      counters: tally.counters,
      progress: alive,
      badRecord: (counter, reason = "the app can't use it") =>
        tally.addBad(counter, reason, file, () => this.#placeInFile),
      get offset() {
        return cursor.offset;
      },
    };
  }

  /** The record at hand, in words, such as `line 3 of "a.txt"`. */
  get place(): string {
    const { offset, place = `the record at byte ${offset}` } = this.#cursor;
    return this.#isWholeFile ? `"${this.#input.file}"` : `${place} of "${this.#input.file}"`;
  }

  get #placeInFile(): string {
    const { offset, place } = this.#cursor;
    return place ?? (this.#isWholeFile ? "the whole file" : `byte ${offset}`);
  }

  get #isWholeFile(): boolean {
    return this.#mapping.app.input.splitting === "wholeFile" && this.#cursor.offset === 0;
  }

  /** @throws AppError when the app throws, or emits what can't be carried; MrError for the input */
  async run(): Promise<void> {
    const cursor = this.#cursor;
    const { progress, tally } = this.#mapping;
    const watch = new LossWatch(cursor, (place, why) => {
      tally.replace(this.#input.file, place, why);
    });
    try {
      for (let bytes = 0; ; bytes = this.#input.bytesRead) {
        const loading = cursor.load();
        const isMore = typeof loading === "boolean" ? loading : await loading;
        progress.addBytes(this.#input.bytesRead - bytes);
        if (!isMore) break;
        for (;;) {
          const pending = this.#mapLoaded(watch);
          if (pending === undefined) break;
          await this.#finish(pending);
        }
      }
      tally.addSkipped(cursor.skipped ?? 0);
      this.#addRest();
    } finally {
      watch.end();
      this.#staged?.drop();
      cursor.close?.();
    }
  }

  /** Counts bytes of the part that its reader did not need, so that the parts of a file add up to its size. */
  #addRest(): void {
    const { start, end, bytesRead } = this.#input;
    // The length of a compressed file is unknown.
    if (end < Number.MAX_SAFE_INTEGER) this.#mapping.progress.addBytes(end - start - bytesRead);
  }

  /** @returns what to wait for before it is called again; undefined when more must be loaded */
  #mapLoaded(watch: LossWatch): Promise<void> | undefined {
    const { isClassic, progress, tally } = this.#mapping;
    const { map } = this.#mapping.app;
    const cursor = this.#cursor;
    const emit = this.#emit;
    const context = this.#context;
    let records = 0;
    for (;;) {
      const record = cursor.next();
      if (record === undefined) break;
      watch.record = record;
      records += 1;
      tally.isBad = false;
      try {
        const result: unknown = map(record, emit, context);
        if (result !== undefined || isClassic) {
          const pending = emitResult(result, emit, isClassic, progress);
          if (pending !== undefined) {
            tally.read += records;
            progress.addRecords(records - 1);
            return pending;
          }
        }
      } catch (error) {
        this.#failed(error);
      }
      if (this.#staged !== undefined) this.#release(this.#staged);
      // A slow app may take long for a block.
      if (records === RECORDS_PER_REPORT) {
        tally.read += records;
        progress.addRecords(records);
        records = 0;
      }
    }
    tally.read += records;
    progress.addRecords(records);
    return undefined;
  }

  async #finish(pending: Promise<void>): Promise<void> {
    try {
      await pending;
    } catch (error) {
      this.#failed(error);
    }
    if (this.#staged !== undefined) this.#release(this.#staged);
    this.#mapping.progress.addRecords(1);
  }

  /** Emits the pairs of a good record. An error here can't be undone, so it fails the task. */
  #release(staged: StagedPairs): void {
    try {
      staged.release();
    } catch (error) {
      if (error instanceof MrError) throw error;
      throw new AppError(`combine${this.#mapping.ofApp} failed on ${this.place}`, error);
    }
  }

  /** Skips the record, if that is allowed and the app threw on it. */
  #failed(error: unknown): void {
    if (error instanceof MrError) throw error;
    const { ofApp, skipBadRecords, tally } = this.#mapping;
    if (!skipBadRecords || this.#staged === undefined) {
      throw new AppError(`map${ofApp} failed on ${this.place}`, error);
    }
    this.#staged.drop();
    tally.skip(this.#input.file, this.#placeInFile, describeThrown(error));
  }
}

/**
 * Emits the pairs that `map` has returned: as an iterable or an async iterable, or a promise of one.
 *
 * @param isClassic classic apps return pairs of strings only
 * @param progress is told of each pair
 * @returns a promise if it takes time
 * @throws TypeError with the number of the first result that is not a pair
 */
export function emitResult(
  result: unknown,
  emit: Emit<unknown>,
  isClassic: boolean,
  progress: Pick<ProgressMeter, "addRecords">,
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
  progress: Pick<ProgressMeter, "addRecords">,
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
