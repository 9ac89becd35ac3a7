import type { Emit, MapContext } from "../../app/contract/contract.ts";
import type { RecordApp } from "../../app/contract/define-app.ts";
import type { RecordCursor } from "../../app/contract/reader.ts";
import type { LoadedApp } from "../../app/load/load-app.ts";
import { MrError } from "../../base/errors.ts";
import { describeThrown } from "../../base/thrown.ts";
import { partsOf, type Split } from "../../job/split.ts";
import { SKIPPED_RECORDS } from "../../job/task.ts";
import type { Scratch } from "../../storage/storage.ts";
import { type OpenInput, openInput } from "../input/open-input.ts";
import { MapOutput } from "../shuffle/map-output.ts";
import { PartitionError } from "../shuffle/partition-error.ts";
import { AppError } from "./app-error.ts";
import { CounterSet } from "./counter-set.ts";
import { describeRecord, placeInFile } from "./describe-record.ts";
import { emitResult } from "./emit-result.ts";
import { findRecord } from "./find-record.ts";
import { recordFormOf } from "./record-form.ts";
import { SkipList } from "./skip-list.ts";
import { StagedPairs } from "./staged-pairs.ts";
import type { ProgressMeter, TaskContext, TaskOutput } from "./task-context.ts";

export interface MapTask {
  readonly task: number;
  readonly split: Split;
}

/**
 * Runs `map` over the records of a split, or several,.
 *
 * @returns the output, one file per reduce task, in their order, to be committed
 * @throws AppError when the app throws, or emits what can't be carried or goes to no reduce task; it
 *   names the record
 * @throws MrError when the input cannot be read or the output cannot be written
 */
export async function runMapTask(
  { task, split }: MapTask,
  loaded: LoadedApp,
  context: TaskContext,
): Promise<TaskOutput> {
  const app = recordFormOf(loaded.app);
  const { storage, directory, inputDirectory, tag, reduces, memoryBytes, fanIn } = context;
  const output = storage.createOutput(directory, tag, { durable: false });
  const scratch = storage.scratch(directory, tag);
  const pairs = new MapOutput(app, { output, scratch, map: task, reduces, memoryBytes, fanIn });
  try {
    const counters = new CounterSet();
    const skips = new SkipList();
    const tally = { counters, skips, staged: stagedPairsFor(pairs, app, task, context, scratch) };
    for (const part of partsOf(split)) {
      const input = await openInput(storage, inputDirectory, part);
      try {
        const run = new MapRun(loaded, app, task, input, pairs, tally, context);
        await run.readAll();
      } finally {
        input.close();
      }
    }
    write(pairs, loaded.name);
    const { spills } = pairs;
    return { output, counters: counters.toRecord(), skipped: skips.records, spills };
  } catch (error) {
    pairs.close();
    output.discard();
    const partition = partitionErrorOf(error);
    if (partition === undefined) throw error;
    // Partitions are asked for when output is written: the record has gone by long before.
    const place = await findRecord(partition.key, { task, split }, loaded, context);
    if (place === undefined) throw error;
    throw new AppError(`map of ${loaded.name} failed on ${place}`, partition);
  } finally {
    scratch.discard();
  }
}

/** Holds back the pairs of a record, where one may fail without the task failing. */
function stagedPairsFor(
  output: MapOutput,
  app: RecordApp,
  task: number,
  { skipBadRecords }: TaskContext,
  scratch: Scratch,
) {
  if (!skipBadRecords) return undefined;
  return new StagedPairs(output.emit, app.combine, scratch, `mr-${task}-staged`);
}

function partitionErrorOf(error: unknown): PartitionError | undefined {
  if (error instanceof PartitionError) return error;
  const cause = error instanceof AppError ? error.cause : undefined;
  return cause instanceof PartitionError ? cause : undefined;
}

function write(output: MapOutput, name: string): void {
  try {
    output.write();
  } catch (error) {
    if (error instanceof MrError) throw error;
    throw new AppError(`map of ${name} failed when its output was written`, error);
  }
}

/** What all files of a task have in common. */
interface Tally {
  readonly counters: CounterSet;
  readonly skips: SkipList;
  readonly staged: StagedPairs | undefined;
}

/** Progress is told this often, in records: not so often as to be felt. */
const RECORDS_PER_REPORT = 1024;

/** Takes records of one file from a cursor to the app. */
class MapRun {
  readonly #loaded: LoadedApp;
  readonly #app: RecordApp;
  readonly #input: OpenInput;
  readonly #cursor: RecordCursor<unknown>;
  readonly #emit: Emit<unknown>;
  readonly #context: MapContext;
  readonly #counters: CounterSet;
  readonly #skips: SkipList;
  readonly #progress: ProgressMeter;
  readonly #rules: { readonly isClassic: boolean };
  /** Pairs of the record at hand, when a record may fail without the task failing. */
  readonly #staged: StagedPairs | undefined;

  constructor(
    loaded: LoadedApp,
    app: RecordApp,
    task: number,
    input: OpenInput,
    output: MapOutput,
    { counters, skips, staged }: Tally,
    { skipBadRecords, progress }: TaskContext,
  ) {
    this.#loaded = loaded;
    this.#app = app;
    this.#input = input;
    this.#counters = counters;
    this.#skips = skips;
    this.#progress = progress;
    this.#rules = { isClassic: app !== loaded.app };
    const { kernel, words } = output;
    const onSkipped = (place: string, reason: string) => skips.add(input.file, place, reason);
    const options = { skipBadRecords, onSkipped, scanner: kernel, words };
    const cursor = app.input.open(input, options);
    this.#cursor = cursor;
    this.#staged = staged;
    this.#emit = this.#staged?.emit ?? output.emit;
    this.#context = {
      file: input.file,
      task,
      counters,
      get offset() {
        return cursor.offset;
      },
    };
  }

  async readAll(): Promise<void> {
    const cursor = this.#cursor;
    const progress = this.#progress;
    try {
      for (let bytes = 0; ; bytes = this.#input.bytesRead) {
        const loading = cursor.load();
        const isMore = typeof loading === "boolean" ? loading : await loading;
        progress.addBytes(this.#input.bytesRead - bytes);
        if (!isMore) break;
        for (;;) {
          const pending = this.#mapLoaded();
          if (pending === undefined) break;
          await this.#finish(pending);
        }
      }
      if (cursor.skipped !== undefined && cursor.skipped > 0) {
        this.#counters.add(SKIPPED_RECORDS, cursor.skipped);
      }
    } finally {
      this.#staged?.drop();
      cursor.close?.();
    }
  }

  /**
   * Maps what is loaded, without any waiting in between.
   *
   * @returns what to wait for before it is called again; undefined when more must be loaded
   */
  #mapLoaded(): Promise<void> | undefined {
    const { map } = this.#app;
    const cursor = this.#cursor;
    const emit = this.#emit;
    const context = this.#context;
    let records = 0;
    for (;;) {
      const record = cursor.next();
      if (record === undefined) break;
      records += 1;
      try {
        const result: unknown = map(record, emit, context);
        if (result !== undefined || this.#rules.isClassic) {
          const pending = emitResult(result, emit, this.#rules, this.#progress);
          if (pending !== undefined) {
            this.#progress.addRecords(records - 1);
            return pending;
          }
        }
      } catch (error) {
        this.#failed(error);
      }
      if (this.#staged !== undefined) this.#release(this.#staged);
      // A block may take a slow app a while.
      if (records === RECORDS_PER_REPORT) {
        this.#progress.addRecords(records);
        records = 0;
      }
    }
    this.#progress.addRecords(records);
    return undefined;
  }

  /** Waits for the end of a record. */
  async #finish(pending: Promise<void>): Promise<void> {
    try {
      await pending;
    } catch (error) {
      this.#failed(error);
    }
    if (this.#staged !== undefined) this.#release(this.#staged);
    this.#progress.addRecords(1);
  }

  /** Emits the pairs of a record that is good. A fault from here on can't be undone, so it is no record's. */
  #release(staged: StagedPairs): void {
    try {
      staged.release();
    } catch (error) {
      if (error instanceof MrError) throw error;
      throw new AppError(`combine of ${this.#loaded.name} failed on ${this.#place}`, error);
    }
  }

  /** Skips the record, if that is allowed and the fault is the record's. */
  #failed(error: unknown): void {
    if (error instanceof MrError) throw error;
    if (this.#staged === undefined) {
      throw new AppError(`map of ${this.#loaded.name} failed on ${this.#place}`, error);
    }
    this.#staged.drop();
    this.#counters.add(SKIPPED_RECORDS);
    const place = placeInFile(this.#cursor, this.#app.input);
    this.#skips.add(this.#input.file, place, describeThrown(error));
  }

  /** The record at hand, in words. */
  get #place(): string {
    return describeRecord(this.#cursor, this.#app.input, this.#input.file);
  }
}
