import { ByteSlice } from "../../app/contract/byte-slice.ts";
import { numberFoldKind } from "../../app/contract/combiners.ts";
import type { Emit, MapContext } from "../../app/contract/contract.ts";
import type { RecordApp } from "../../app/contract/define-app.ts";
import { hashPartition } from "../../app/contract/partitioners.ts";
import type { RecordCursor } from "../../app/contract/reader.ts";
import { WordScan } from "../../app/text/word-scan.ts";
import { checkJsonValue } from "../../base/json-value.ts";
import { decodeUtf8, noteGivenBytes, noteText } from "../../base/utf8.ts";
import { LossWatch } from "../../data/input/loss-watch.ts";
import { openInput } from "../../data/input/open-input.ts";
import {
  type CheckedSink,
  checkPart,
  checkText,
  text,
  writeOutput,
} from "../../data/output/formats.ts";
import { checkFoldable } from "../../data/shuffle/number-store.ts";
import { checkCombine } from "../../data/task/check-shuffle.ts";
import { GroupValues, ListedValues } from "../../data/task/group-values.ts";
import { KeyLossWatch } from "../../data/task/key-loss-watch.ts";
import { emitResult } from "../../data/task/record-mapper.ts";
import { writeResult } from "../../data/task/reduce-task.ts";
import { INEXACT_SUMS } from "../../job/task.ts";
import { createKernel } from "../../kernel/create-kernel.ts";
import { storageFor } from "../../storage/registry.ts";
import { wtf8Bytes } from "./classic-form.ts";
import type { AppForm, AppRun, EmitPair } from "./run-app.ts";

const LINE_FEED = 0x0a;
/** Nothing waits for a sequential run, so nothing is told of its progress. */
const NO_PROGRESS = { addRecords: () => undefined };

/** An app in the record form, without combining. Readers get whole files. */
export function recordForm(app: RecordApp): AppForm {
  const { orderValues: order, partition = hashPartition, output = text(), combine } = app;
  const foldKind = combine === undefined ? undefined : numberFoldKind(combine);
  return {
    async *records({ url: file, size, version }, task, run) {
      const { inputDirectory, skipBadRecords } = run.job;
      const part = { file, start: 0, end: size, size, version };
      const input = await openInput(storageFor, inputDirectory, part);
      const scanner = createKernel();
      const onSkipped = (place: string, reason: string) => run.list({ file, place, reason });
      const onReplaced = (place: string, reason: string) => run.replace({ file, place, reason });
      const words = new WordScan(scanner);
      // Nothing waits for a sequential run, so there is no lease to be kept.
      const progress = () => undefined;
      const how = { skipBadRecords, onSkipped, onReplaced, progress, scanner, words };
      const cursor = app.input.open(input, how);
      const watch = new LossWatch(cursor, onReplaced);
      const { context, place } = mapContext(app, cursor, file, task, run);
      let isOver = false;
      let emitPair: EmitPair = () => undefined;
      const emit: Emit<unknown> = (key, value) => {
        if (isOver) throw new Error("emit was called after the map task had ended");
        const bytes = bytesOf(key);
        if (foldKind !== undefined) checkFoldable(foldKind, value);
        emitPair(bytes, asCarried(value));
      };
      try {
        while (await cursor.load()) {
          for (let record = cursor.next(); record !== undefined; record = cursor.next()) {
            watch.record = record;
            const call = async (emitNext: EmitPair) => {
              emitPair = emitNext;
              const result: unknown = app.map(record, emit, context);
              await emitResult(result, emit, false, NO_PROGRESS);
            };
            yield { place: place(), call };
          }
        }
        run.addSkipped(cursor.skipped ?? 0);
        run.addBytes(input.end < Number.MAX_SAFE_INTEGER ? size : input.bytesRead);
        await input.checkUnchanged();
      } finally {
        isOver = true;
        watch.end();
        cursor.close?.();
        input.close();
      }
    },
    sortValues: (values) => void (order === undefined ? undefined : values.sort(order)),
    checkCombine: (values) => checkCombine(combine, values, asCarried),
    partition: (keyBytes, reduces) => partition(new ByteSlice(keyBytes).toString(), reduces),
    async reduce(keyBytes, listed, task, run) {
      const key = new ByteSlice(keyBytes);
      const sink = new PartsSink();
      const values = new GroupValues(new ListedValues(listed));
      let isOver = false;
      const write = (value: unknown) => {
        if (isOver) throw new Error("emit was called after reduce had returned");
        if (value !== undefined) writeOutput(output, key, value, sink);
      };
      const progress = () => undefined;
      const context = { keyBytes: key, task, counters: run.counting, progress };
      const watch = new KeyLossWatch(key, (place, reason) => run.replaceKey({ place, reason }));
      try {
        noteGivenBytes(keyBytes);
        const text = decodeUtf8(keyBytes, 0, keyBytes.length, "checked");
        const result: unknown = app.reduce(text, values, write, context);
        await writeResult(result, write, () => undefined);
        if (values.hasInexactSum) run.counting.add(INEXACT_SUMS);
      } finally {
        isOver = true;
        values.end();
        watch.end();
      }
      return Buffer.concat(sink.parts);
    },
  };
}

/** The context of `map` for all records of a file, and the place of the record at hand. */
function mapContext(
  { input }: RecordApp,
  cursor: RecordCursor<unknown>,
  file: string,
  task: number,
  run: AppRun,
): { context: MapContext; place: () => string } {
  const place = () => {
    const isWhole = input.splitting === "wholeFile" && cursor.offset === 0;
    return cursor.place ?? (isWhole ? "the whole file" : `byte ${cursor.offset}`);
  };
  const context: MapContext = {
    file,
    task,
    counters: run.counting,
    progress: () => undefined,
    badRecord: (counter, reason = "the app can't use it") =>
      run.addBad(counter, { file, place: place(), reason }),
    get offset() {
      return cursor.offset;
    },
  };
  return { context, place };
}

/** What an output format writes, encoded by this engine's own encoder. */
class PartsSink implements CheckedSink {
  readonly parts: Uint8Array[] = [];

  get isAtLineStart(): boolean {
    return (this.parts.findLast(({ length }) => length > 0)?.at(-1) ?? LINE_FEED) === LINE_FEED;
  }

  bytes(bytes: Uint8Array, start: number, end: number): void {
    checkPart(bytes, start, end);
    this.parts.push(new Uint8Array(bytes.subarray(start, end)));
  }

  text(line: string): void {
    checkText(line);
    noteText(line);
    this.parts.push(wtf8Bytes(line));
  }
}

/** @throws TypeError for a key that an app without types may emit */
function bytesOf(key: unknown): Buffer {
  if (typeof key === "string") {
    noteText(key);
    return wtf8Bytes(key);
  }
  if (key instanceof ByteSlice) return Buffer.from(key.view());
  const kind = typeof key === "object" ? "an object" : `${typeof key} ${String(key)}`;
  throw new TypeError(`the key is ${kind}, not a string or a byte slice`);
}

/**
 * A value as it is after it was written to a file and read back: for example, JSON has no −0.
 *
 * @throws TypeError for a value that a parallel run refuses too, since JSON would change it: NaN, a Date or a Map
 */
function asCarried(value: unknown): unknown {
  if (value instanceof ByteSlice) return value.copy();
  if (typeof value === "string") return value;
  checkJsonValue(value);
  return JSON.parse(JSON.stringify(value));
}
