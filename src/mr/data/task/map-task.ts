import { ByteSlice } from "../../app/contract/byte-slice.ts";
import type { Emit } from "../../app/contract/contract.ts";
import type { LoadedApp } from "../../app/load/load-app.ts";
import { WordScan } from "../../app/text/word-scan.ts";
import { encodeUtf8 } from "../../base/utf8.ts";
import { partsOf, type Split } from "../../job/split.ts";
import { createKernel } from "../../kernel/create-kernel.ts";
import type { Scratch } from "../../storage/storage.ts";
import { openInput } from "../input/open-input.ts";
import { MapOutput } from "../shuffle/map-output.ts";
import { PartitionError } from "../shuffle/partition-keys.ts";
import { AppError, withAppError } from "./app-error.ts";
import { recordFormOf } from "./classic-form.ts";
import { watchOfCombine } from "./key-loss-watch.ts";
import { type Mapping, RecordMapper } from "./record-mapper.ts";
import { StagedPairs } from "./staged-pairs.ts";
import { Tally } from "./tally.ts";
import type { TaskContext, TaskOutput } from "./task-context.ts";

/**
 * Runs `map` over the records of all parts of a split.
 *
 * @returns the output, one file per reduce task, in their order, to be committed
 * @throws AppError when the app throws, or emits what can't be carried or goes to no reduce task; it
 *   names the record
 * @throws MrError when the input cannot be read or the output cannot be written
 */
export async function runMapTask(
  { task, split }: { readonly task: number; readonly split: Split },
  loaded: LoadedApp,
  context: TaskContext,
): Promise<TaskOutput> {
  const app = recordFormOf(loaded.app);
  const { storage, directory, tag, skipBadRecords, progress } = context;
  const output = storage.createOutput(directory, tag, { durable: false });
  const scratch = storage.scratch(directory, tag);
  const tally = new Tally();
  const watchLoss = watchOfCombine(tally);
  const pairs = new MapOutput(app, { ...context, output, scratch, map: task, watchLoss });
  const mapping: Mapping = {
    app,
    isClassic: app !== loaded.app,
    ofApp: ` of ${loaded.name}`,
    task,
    scanner: pairs.kernel,
    words: pairs.words,
    emit: pairs.emit,
    staged: skipBadRecords ? new StagedPairs(pairs.emit, app.combine, scratch, task) : undefined,
    skipBadRecords,
    tally,
    progress,
  };
  if (mapping.isClassic) pairs.scanStrings();
  try {
    await mapSplit(split, context, mapping);
    withAppError(`map of ${loaded.name} failed when its output was written`, () => pairs.write());
    const { skipped, replaced, records } = tally;
    const counters = tally.counters.toRecord();
    return { output, counters, skipped, replaced, records, spills: pairs.spills };
  } catch (error) {
    pairs.close();
    output.discard();
    throw await withRecord(error, split, context, mapping, scratch);
  } finally {
    mapping.staged?.close();
    scratch.discard();
  }
}

/** @param onMapping gets the mapper of each part of the split before its records are mapped */
async function mapSplit(
  split: Split,
  { storageFor, inputDirectory }: TaskContext,
  mapping: Mapping,
  onMapping?: (mapper: RecordMapper) => void,
): Promise<void> {
  for (const part of partsOf(split)) {
    const input = await openInput(storageFor, inputDirectory, part);
    try {
      const mapper = new RecordMapper(input, mapping);
      onMapping?.(mapper);
      await mapper.run();
      await input.checkUnchanged();
    } finally {
      input.close();
    }
  }
}

/**
 * An error that names the record it comes from. A key gets its partition when output is written, long
 * after its record: then the split is mapped once more to find the first record that emits the key, so that
 * tasks that do not fail need not remember records. An app that is not deterministic may not emit it again.
 */
async function withRecord(
  error: unknown,
  split: Split,
  context: TaskContext,
  mapping: Mapping,
  scratch: Scratch,
): Promise<unknown> {
  const cause = error instanceof AppError ? error.cause : error;
  if (!(cause instanceof PartitionError)) return error;
  const scanner = createKernel();
  const words = new WordScan(scanner);
  let isFound = false;
  let mapper: RecordMapper | undefined;
  // Staged: a record that is skipped emits nothing, and the app can't catch what is thrown here.
  const emit: Emit<unknown> = (emitted) => {
    const bytes = emitted instanceof ByteSlice ? emitted.view() : encodeUtf8(emitted);
    isFound = Buffer.compare(bytes, cause.key) === 0;
    if (isFound) throw new Error("The record is found");
  };
  const staged = new StagedPairs(emit, mapping.app.combine, scratch, mapping.task);
  const search = { ...mapping, scanner, words, emit, staged, tally: new Tally() };
  try {
    await mapSplit(split, context, search, (next) => {
      mapper = next;
    });
  } catch {
    // Either it is found, or mapping fails in another way: the error at hand came first.
  }
  if (!isFound || mapper === undefined) return error;
  return new AppError(`map${mapping.ofApp} failed on ${mapper.place}`, cause);
}
