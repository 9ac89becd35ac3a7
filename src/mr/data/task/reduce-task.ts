import type { LoadedApp } from "../../app/load/load-app.ts";
import { MrError, UsageError } from "../../base/errors.ts";
import { describeThrown } from "../../base/thrown.ts";
import { reduceOutputName } from "../../job/names.ts";
import { INEXACT_SUMS, type OutputFile } from "../../job/task.ts";
import { checkFile } from "../../storage/check-file.ts";
import type { PendingFile } from "../../storage/pending-file.ts";
import type { PendingOutput } from "../../storage/storage.ts";
import {
  CheckedLineSink,
  isShippedFormat,
  LineSink,
  text,
  writeOutput,
} from "../output/formats.ts";
import { type GroupSource, mergeRuns } from "../shuffle/group-source.ts";
import { MergePasses } from "../shuffle/merge-passes.ts";
import { findDamagedRun } from "../shuffle/run-cursor.ts";
import type { Run } from "../shuffle/run-file.ts";
import { shareMemory } from "../shuffle/task-memory.ts";
import { AppError, withAppError } from "./app-error.ts";
import { recordFormOf } from "./classic-form.ts";
import { GroupValues } from "./group-values.ts";
import { KeyLossWatch, placeOfKey, watchOfCombine } from "./key-loss-watch.ts";
import { ReduceMeter } from "./reduce-meter.ts";
import { Tally } from "./tally.ts";
import type { TaskContext, TaskOutput } from "./task-context.ts";

/**
 * Merges the map outputs of one reduce task, runs `reduce` over each key in the order of the keys'
 * bytes, and writes what it makes, line by line.
 *
 * @param sources the outputs of all map tasks for this reduce task, in the order of the map tasks
 * @returns the output, one file, to be committed
 * @throws AppError when the app throws, or returns what the output format can't write
 * @throws DamagedRunError when a map output is not what its map task reported
 * @throws MrError when the output cannot be written
 */
export async function runReduceTask(
  { task, sources }: { readonly task: number; readonly sources: readonly OutputFile[] },
  loaded: LoadedApp,
  context: TaskContext,
): Promise<TaskOutput> {
  const { storage, directory } = context;
  const full = sources.filter(({ bytes }) => bytes > 0);
  const paths = full.map(({ name }) => storage.resolve(directory, name));
  // The only place where the reduce side waits for bytes.
  const files = await storage.fetch(paths);
  const runs = full.map(({ bytes, crc32 }, index) => {
    return { files, path: paths[index] ?? "", start: 0, end: bytes, crc32, isWholeFile: true };
  });
  try {
    return await reduceRuns(runs, task, loaded, context);
  } catch (error) {
    // Damaged values may have made the app fail.
    throw (isFromApp(error) ? findDamagedRun(runs) : undefined) ?? error;
  } finally {
    files.close();
  }
}

function isFromApp(error: unknown): boolean {
  return error instanceof AppError || error instanceof UsageError || !(error instanceof MrError);
}

async function reduceRuns(
  runs: readonly Run[],
  task: number,
  loaded: LoadedApp,
  context: TaskContext,
): Promise<TaskOutput> {
  const { storage, directory, tag, fanIn, memoryBytes } = context;
  const app = recordFormOf(loaded.app);
  const name = reduceOutputName(task);
  const output = storage.createOutput(directory, tag, { durable: true });
  const scratch = storage.scratch(directory, tag);
  const tally = new Tally();
  const options = {
    scratch,
    name: `${name}-merge`,
    reduces: 1,
    fanIn,
    mergeBytes: shareMemory(memoryBytes).mergeBytes,
    order: app.orderValues,
    combine: app.combine,
    watchLoss: watchOfCombine(tally),
  };
  const passes = new MergePasses(options, runs);
  let merger: GroupSource | undefined;
  try {
    withAppError(`combine of ${loaded.name} failed when map outputs were merged`, () =>
      passes.reduceToFanIn(),
    );
    merger = mergeRuns(passes.runsOf(0), passes.bufferBytes, app.orderValues);
    const file = output.file(name);
    const bytes = runs.reduce((sum, { start, end }) => sum + end - start, 0);
    const meter = new ReduceMeter(context.progress, bytes, () => {
      return passes.bytesRead + (merger?.bytesRead ?? 0);
    });
    const onLoss = (place: string, why: string) => tally.replaceKey(place, why);
    const watch = new KeyLossWatch(merger.key, onLoss, tally);
    let lines: number | undefined;
    try {
      lines = await reduceGroups(merger, file, meter, task, loaded, context, tally);
    } finally {
      watch.end();
    }
    // Syncing the file may take longer than a lease.
    context.progress.workDone();
    file.finish();
    const { skipped, replaced, records } = tally;
    const counters = tally.counters.toRecord();
    return { output: checked(output, context, lines), counters, skipped, replaced, records };
  } catch (error) {
    output.discard();
    throw error;
  } finally {
    merger?.close();
    scratch.discard();
  }
}

/**
 * An output whose commit also checks that its file is there: a result is not read again before the job ends.
 *
 * @param lines see {@link OutputFile.lines}
 */
function checked(
  output: PendingOutput,
  { storage, directory }: Pick<TaskContext, "storage" | "directory">,
  lines: number | undefined,
): TaskOutput["output"] {
  return {
    commit: async () => {
      const files = await output.commit();
      for (const file of files) await checkFile(storage, directory, file);
      return files.map((file) => ({ ...file, lines }));
    },
    discard: () => output.discard(),
  };
}

/**
 * Runs `reduce` over each key and writes what it makes.
 *
 * @returns how many outputs were written; undefined for a format of the app, which may write several lines for one
 */
async function reduceGroups(
  merger: GroupSource,
  file: PendingFile,
  meter: ReduceMeter,
  task: number,
  loaded: LoadedApp,
  { progress, skipBadRecords }: TaskContext,
  tally: Tally,
): Promise<number | undefined> {
  const { reduce, output = text() } = recordFormOf(loaded.app);
  const checkedSink = isShippedFormat(output) ? undefined : new CheckedLineSink(file);
  const sink = checkedSink ?? new LineSink(file);
  const context = {
    keyBytes: merger.key,
    task,
    counters: tally.counters,
    progress: () => progress.alive(),
  };
  let isOver = false;
  let lines = 0;
  const write = (value: unknown): void => {
    if (isOver) throw new Error("emit was called after the reduce task had ended");
    if (value === undefined) return;
    if (checkedSink === undefined) {
      output.write(merger.key, value, sink);
      lines += 1;
    } else writeOutput(output, merger.key, value, checkedSink);
  };
  const tick = () => meter.tick();
  while (merger.nextGroup()) {
    const values = new GroupValues(merger);
    tally.read += 1;
    tally.isBad = false;
    // A group that is skipped must leave no line behind.
    const linesBefore = lines;
    if (skipBadRecords) file.mark();
    try {
      const result: unknown = reduce(merger.keyText, values, write, context);
      const pending = result === undefined ? undefined : writeResult(result, write, tick);
      if (pending !== undefined) {
        meter.report();
        await pending;
      }
      if (values.hasInexactSum) tally.counters.add(INEXACT_SUMS);
    } catch (thrown) {
      const error = values.failure ?? thrown;
      if (error instanceof MrError) throw error;
      const place = placeOfKey(merger.key);
      if (!skipBadRecords) throw new AppError(`reduce of ${loaded.name} failed on ${place}`, error);
      file.rollBack();
      lines = linesBefore;
      tally.skip(undefined, place, describeThrown(error));
    }
    values.end();
    // The app may have caught the error.
    if (values.failure !== undefined) throw values.failure;
    meter.addGroup();
  }
  isOver = true;
  meter.end();
  return checkedSink === undefined ? lines : undefined;
}

/**
 * Writes the outputs that `reduce` has returned: one, those of an iterator, or a promise of either.
 *
 * @param tick is called after each output that was waited for
 * @returns a promise if it takes time
 */
export function writeResult(
  result: unknown,
  write: (output: unknown) => void,
  tick: () => void,
): Promise<void> | undefined {
  if (typeof result === "object" && result !== null) {
    if ("then" in result && typeof result.then === "function") {
      return Promise.resolve(result).then((later) => writeResult(later, write, tick));
    }
    if ("next" in result && typeof result.next === "function") {
      if (Symbol.asyncIterator in result) {
        return writeLater(result as AsyncIterable<unknown>, write, tick);
      }
      if (Symbol.iterator in result) {
        for (const output of result as Iterable<unknown>) write(output);
        return undefined;
      }
    }
  }
  write(result);
  return undefined;
}

async function writeLater(
  outputs: AsyncIterable<unknown>,
  write: (output: unknown) => void,
  tick: () => void,
): Promise<void> {
  for await (const output of outputs) {
    write(output);
    tick();
  }
}
