import { ByteSlice, type Text } from "../../app/contract/byte-slice.ts";
import type { OutputSink } from "../../app/contract/contract.ts";
import type { RecordApp } from "../../app/contract/define-app.ts";
import { hashPartition } from "../../app/contract/partitioners.ts";
import { WordScan } from "../../app/text/word-scan.ts";
import { checkJsonValue } from "../../base/json-value.ts";
import { decodeUtf8, noteGivenBytes, noteText } from "../../base/utf8.ts";
import { LossWatch } from "../../data/input/loss-watch.ts";
import { openInput } from "../../data/input/open-input.ts";
import { text } from "../../data/output/formats.ts";
import { KeyLossWatch } from "../../data/task/key-loss-watch.ts";
import { createKernel } from "../../kernel/create-kernel.ts";
import { storageFor } from "../../storage/registry.ts";
import { wtf8Bytes } from "./classic-form.ts";
import type { AppForm, EmitPair } from "./run-app.ts";

/** An app in the record form, without combining. Readers get whole files. */
export function recordForm(app: RecordApp): AppForm {
  const { orderValues: order, partition = hashPartition, output = text() } = app;
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
      try {
        while (await cursor.load()) {
          for (let record = cursor.next(); record !== undefined; record = cursor.next()) {
            watch.record = record;
            const { offset } = cursor;
            const isWhole = app.input.splitting === "wholeFile" && offset === 0;
            const place = cursor.place ?? (isWhole ? "the whole file" : `byte ${offset}`);
            const badRecord = (counter: string, reason = "the app can't use it") =>
              run.addBad(counter, { file, place, reason });
            const context = { file, task, offset, counters: run.counting, progress, badRecord };
            const call = async (emitPair: EmitPair) => {
              const emit = (key: Text, value: unknown) => {
                emitPair(
                  bytesOf(key),
                  value instanceof ByteSlice ? value.copy() : asCarried(value),
                );
              };
              const result: unknown = await app.map(record, emit, context);
              if (typeof result !== "object" || result === null) return;
              for await (const [key, value] of result as AsyncIterable<[Text, unknown]>)
                emit(key, value);
            };
            yield { place, call };
          }
        }
        run.addSkipped(cursor.skipped ?? 0);
        run.addBytes(input.end < Number.MAX_SAFE_INTEGER ? size : input.bytesRead);
        await input.checkUnchanged();
      } finally {
        watch.end();
        cursor.close?.();
        input.close();
      }
    },
    sortValues: (values) => void (order === undefined ? undefined : values.sort(order)),
    partition: (keyBytes, reduces) => partition(new ByteSlice(keyBytes).toString(), reduces),
    async reduce(keyBytes, values, task, run) {
      const key = new ByteSlice(keyBytes);
      const parts: Uint8Array[] = [];
      const sink: OutputSink = {
        bytes: (bytes, start, end) => parts.push(new Uint8Array(bytes.subarray(start, end))),
        text: (line) => {
          noteText(line);
          parts.push(wtf8Bytes(line));
        },
      };
      const write = (value: unknown) => {
        if (value !== undefined) output.write(key, value, sink);
      };
      const progress = () => undefined;
      const context = { keyBytes: key, task, counters: run.counting, progress };
      const watch = new KeyLossWatch(key, (place, reason) => run.replaceKey({ place, reason }));
      try {
        noteGivenBytes(keyBytes);
        for (const value of values) if (value instanceof ByteSlice) noteGivenBytes(value.view());
        const text = decodeUtf8(keyBytes, 0, keyBytes.length, "checked");
        const result: unknown = await app.reduce(text, values, write, context);
        const isIterator = typeof result === "object" && result !== null && "next" in result;
        if (!isIterator) write(result);
        else for await (const value of result as unknown as AsyncIterable<unknown>) write(value);
      } finally {
        watch.end();
      }
      return Buffer.concat(parts);
    },
  };
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
  if (typeof value === "string") return value;
  checkJsonValue(value);
  return JSON.parse(JSON.stringify(value));
}
