import { ByteSlice, type Text } from "../../app/contract/byte-slice.ts";
import type { RecordCursor } from "../../app/contract/reader.ts";
import type { LoadedApp } from "../../app/load/load-app.ts";
import { WordScan } from "../../app/text/word-scan.ts";
import { encodeUtf8 } from "../../base/utf8.ts";
import { partsOf } from "../../job/split.ts";
import { createKernel } from "../../kernel/create-kernel.ts";
import type { BlockScanner } from "../../kernel/kernel.ts";
import { openInput } from "../input/open-input.ts";
import { CounterSet } from "./counter-set.ts";
import { describeRecord } from "./describe-record.ts";
import { emitResult } from "./emit-result.ts";
import type { MapTask } from "./map-task.ts";
import { recordFormOf } from "./record-form.ts";
import type { TaskContext } from "./task-context.ts";

/**
 * Finds the record of a map task that emits a key, by mapping its records once more. So nothing has to
 * be remembered of records in the tasks that do not fail.
 *
 * @returns the first one, in words; undefined when an app that does not always do the same does not emit
 *   the key this time
 */
export async function findRecord(
  key: Uint8Array,
  { task, split }: MapTask,
  loaded: LoadedApp,
  context: TaskContext,
): Promise<string | undefined> {
  const scanner = createKernel();
  for (const part of partsOf(split)) {
    const place = await findInPart(key, { task, split: part }, loaded, context, scanner);
    if (place !== undefined) return place;
  }
  return undefined;
}

async function findInPart(
  key: Uint8Array,
  { task, split }: MapTask,
  loaded: LoadedApp,
  context: TaskContext,
  scanner: BlockScanner,
): Promise<string | undefined> {
  const app = recordFormOf(loaded.app);
  const rules = { isClassic: app !== loaded.app };
  const { skipBadRecords, progress } = context;
  const { file } = split;
  const input = await openInput(context.storage, context.inputDirectory, split);
  let cursor: RecordCursor<unknown> | undefined;
  try {
    const options = { skipBadRecords, scanner, words: new WordScan(scanner) };
    cursor = app.input.open(input, options);
    const mapContext = { file, task, offset: 0, counters: new CounterSet() };
    let isFound = false;
    const emit = (emitted: Text) => {
      const bytes = emitted instanceof ByteSlice ? emitted.view() : encodeUtf8(emitted);
      isFound ||= Buffer.compare(bytes, key) === 0;
    };
    while (await cursor.load()) {
      for (let record = cursor.next(); record !== undefined; record = cursor.next()) {
        mapContext.offset = cursor.offset;
        try {
          const result: unknown = app.map(record, emit, mapContext);
          await emitResult(result, emit, rules, progress);
        } catch (error) {
          // A record that is left out has emitted nothing.
          if (!skipBadRecords) throw error;
          isFound = false;
        }
        progress.addRecords(1);
        if (isFound) return describeRecord(cursor, app.input, file);
      }
    }
    return undefined;
  } catch {
    // The app does not do the same twice, or the file is gone: the failure at hand is the first one.
    return undefined;
  } finally {
    cursor?.close?.();
    input.close();
  }
}
