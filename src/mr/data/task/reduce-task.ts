import { join } from "node:path";
import type { ReduceContext } from "../../app/contract/contract.ts";
import type { RecordApp } from "../../app/contract/define-app.ts";
import type { Output } from "../../app/contract/output.ts";
import type { LoadedApp } from "../../app/load/load-app.ts";
import { MrError } from "../../base/errors.ts";
import { describeThrown, quoteKey } from "../../base/thrown.ts";
import { DEFAULT_MEMORY_BYTES } from "../../job/limits.ts";
import { reduceOutputName } from "../../job/names.ts";
import { SKIPPED_RECORDS } from "../../job/task.ts";
import { type FileSummary, PendingFile } from "../../storage/file/pending-file.ts";
import { text } from "../output/text.ts";
import { combineGroup } from "../shuffle/combine-group.ts";
import { findDamagedRun } from "../shuffle/find-damaged-run.ts";
import type { GroupSource } from "../shuffle/group-source.ts";
import { shareMemory } from "../shuffle/memory-shares.ts";
import { ReduceInput, type ReduceInputOptions } from "../shuffle/reduce-input.ts";
import type { Run } from "../shuffle/run-file.ts";
import { DEFAULT_FAN_IN } from "../shuffle/spill-files.ts";
import { AppError } from "./app-error.ts";
import { CounterSet } from "./counter-set.ts";
import { GroupValues } from "./group-values.ts";
import { LineSink } from "./line-sink.ts";
import { recordFormOf } from "./record-form.ts";
import { ReduceMeter } from "./reduce-meter.ts";
import { SkipList } from "./skip-list.ts";
import type { TaskResult, TaskSite } from "./task-site.ts";

export interface ReduceTask {
  readonly task: number;
  /** The outputs of all map tasks for this reduce task, in the order of the map tasks. */
  readonly sources: readonly FileSummary[];
}

/**
 * Merges the map outputs of one reduce task, runs `reduce` over each key in the order of the keys'
 * bytes, and leaves what it makes, line by line, under a temporary name.
 *
 * @returns the one file, still to be finished and committed
 * @throws AppError when the app throws, or returns what the output format can't write
 * @throws DamagedRunError when a map output is not what its map task reported
 * @throws MrError when the output cannot be written
 */
export async function runReduceTask(
  { task, sources }: ReduceTask,
  loaded: LoadedApp,
  site: TaskSite,
): Promise<TaskResult> {
  const runs = sources
    .filter(({ bytes }) => bytes > 0)
    .map(({ name: source, bytes, crc32 }) => {
      return { path: join(site.directory, source), start: 0, end: bytes, crc32, isWholeFile: true };
    });
  try {
    return await reduceRuns(runs, task, loaded, site);
  } catch (error) {
    // Whatever an app did on values that its map tasks have not emitted is no mistake of the app.
    const isAppsMistake = error instanceof AppError || !(error instanceof MrError);
    throw (isAppsMistake ? findDamagedRun(runs) : undefined) ?? error;
  }
}

async function reduceRuns(
  runs: readonly Run[],
  task: number,
  loaded: LoadedApp,
  site: TaskSite,
): Promise<TaskResult> {
  const { directory, tag } = site;
  const app = recordFormOf(loaded.app);
  const name = reduceOutputName(task);
  const input = openInput(runs, loaded.name, {
    directory,
    name,
    tag,
    fanIn: site.fanIn ?? DEFAULT_FAN_IN,
    mergeBytes: shareMemory(site.memoryBytes ?? DEFAULT_MEMORY_BYTES).mergeBytes,
    order: app.orderValues,
    writeGroup: (merger, writer) => combineGroup(merger, writer, app.combine),
  });
  let file: PendingFile | undefined;
  try {
    file = new PendingFile(directory, name, tag);
    const counters = new CounterSet();
    const skips = new SkipList();
    const tally = { counters, skips };
    const run = new ReduceRun(loaded.name, app, task, input, file, tally, site);
    await run.reduceAll();
    return { files: [file], counters: counters.toRecord(), skipped: skips.records };
  } catch (error) {
    file?.discard();
    throw error;
  } finally {
    input.close();
  }
}

function openInput(runs: readonly Run[], app: string, options: ReduceInputOptions): ReduceInput {
  try {
    return new ReduceInput(runs, options);
  } catch (error) {
    if (error instanceof MrError) throw error;
    // It merges in several passes only where there are many runs, and combines between them.
    throw new AppError(`combine of ${app} failed when map outputs were merged`, error);
  }
}

/** Takes groups from a merger to the app, and what it makes to the output. */
class ReduceRun {
  readonly #name: string;
  readonly #app: RecordApp;
  readonly #merger: GroupSource;
  readonly #file: PendingFile;
  readonly #counters: CounterSet;
  readonly #skips: SkipList;
  readonly #meter: ReduceMeter;
  readonly #output: Output<unknown>;
  readonly #context: ReduceContext;
  readonly #sink: LineSink;
  /** Whether a group may fail without the task failing. */
  readonly #mayFail: boolean;

  constructor(
    name: string,
    app: RecordApp,
    task: number,
    input: ReduceInput,
    file: PendingFile,
    { counters, skips }: { readonly counters: CounterSet; readonly skips: SkipList },
    site: TaskSite,
  ) {
    this.#name = name;
    this.#app = app;
    const { merger } = input;
    this.#merger = merger;
    this.#file = file;
    this.#counters = counters;
    this.#skips = skips;
    this.#meter = new ReduceMeter(input, file, site.progress);
    this.#output = app.output ?? text();
    this.#context = { keyBytes: merger.key, task, counters };
    this.#mayFail = site.skipBadRecords === true;
    this.#sink = new LineSink(file);
  }

  async reduceAll(): Promise<void> {
    const merger = this.#merger;
    const meter = this.#meter;
    const { reduce } = this.#app;
    const context = this.#context;
    const write = this.#write;
    while (merger.nextGroup()) {
      const values = new GroupValues(merger);
      // A group that is left out must leave no line behind.
      if (this.#mayFail) this.#file.mark();
      try {
        const result: unknown = reduce(merger.keyText, values, write, context);
        if (result !== undefined) {
          const pending = this.#take(result);
          if (pending !== undefined) {
            meter.tell();
            await pending;
          }
        }
      } catch (error) {
        this.#failed(values.failure ?? error);
      }
      values.end();
      // An app that swallows the failure to read its values must not pass for one that has read them.
      if (values.failure !== undefined) throw values.failure;
      meter.addGroup();
    }
    meter.end();
  }

  readonly #write = (value: unknown): void => {
    if (value === undefined) return;
    this.#output.write(this.#merger.key, value, this.#sink);
  };

  /** Writes what `reduce` returned; a promise if that takes time. */
  #take(result: unknown): Promise<void> | undefined {
    if (typeof result !== "object" || result === null) {
      this.#write(result);
      return undefined;
    }
    if ("then" in result && typeof result.then === "function") {
      return Promise.resolve(result).then((later) => this.#take(later));
    }
    if ("next" in result && typeof result.next === "function") {
      if (Symbol.asyncIterator in result) return this.#takeLater(result as AsyncIterable<unknown>);
      if (Symbol.iterator in result) {
        for (const value of result as Iterable<unknown>) this.#write(value);
        return undefined;
      }
    }
    this.#write(result);
    return undefined;
  }

  async #takeLater(results: AsyncIterable<unknown>): Promise<void> {
    for await (const value of results) {
      this.#write(value);
      this.#meter.tick();
    }
  }

  /** Skips the group, if that is allowed and the fault is the app's. */
  #failed(error: unknown): void {
    if (error instanceof MrError) throw error;
    const place = `key ${quoteKey(this.#merger.key.toString())}`;
    if (!this.#mayFail) {
      throw new AppError(`reduce of ${this.#name} failed on ${place}`, error);
    }
    this.#file.rollBack();
    this.#counters.add(SKIPPED_RECORDS);
    this.#skips.add(undefined, place, describeThrown(error));
  }
}
