import { ByteSlice, type Text } from "../../app/contract/byte-slice.ts";
import type { Counters } from "../../app/contract/contract.ts";
import type { RecordApp } from "../../app/contract/define-app.ts";
import type { OutputSink } from "../../app/contract/output.ts";
import { WordScan } from "../../app/text/word-scan.ts";
import { describeCause, MrError } from "../../base/errors.ts";
import { openInput } from "../../data/input/open-input.ts";
import { text } from "../../data/output/text.ts";
import type { InputFile } from "../../job/job-spec.ts";
import { createKernel } from "../../kernel/create-kernel.ts";
import { storageFor } from "../../storage/registry.ts";
import { wtf8Bytes } from "./wtf8-bytes.ts";

/** A key's bytes as a string of one unit per byte, which is what groups are found and sorted by. */
type Latin1 = string;

const NO_COUNTERS: Counters = { add: () => undefined };

/**
 * Runs a job of an app in the record form in this process, with everything in memory and without any
 * combining. Readers and output formats are those of the parallel path, whole files at a time; all
 * between them is as plain as can be, to compare a parallel run with.
 *
 * @returns the output in the order of the keys' bytes
 * @throws MrError when a file cannot be read or the app throws; what it threw is its `cause`
 */
export async function runRecordApp(
  app: RecordApp,
  inputs: readonly InputFile[],
  cwd: string = process.cwd(),
): Promise<Buffer> {
  const groups = new Map<Latin1, unknown[]>();
  for (const [task, input] of inputs.entries()) {
    try {
      await mapFile(app, input, task, cwd, groups);
    } catch (error) {
      if (error instanceof MrError) throw error;
      throw new MrError(
        "APP_THREW",
        `map failed on input "${input.url}": ${describeCause(error)}`,
        {
          cause: error,
        },
      );
    }
  }
  const parts: Uint8Array[] = [];
  const sorted = [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [key, values] of sorted) {
    const order = app.orderValues;
    if (order !== undefined) values.sort(order);
    await reduceKey(app, new ByteSlice(Buffer.from(key, "latin1")), values, parts);
  }
  return Buffer.concat(parts);
}

async function mapFile(
  app: RecordApp,
  { url: file, size: end }: InputFile,
  task: number,
  cwd: string,
  groups: Map<Latin1, unknown[]>,
): Promise<void> {
  const input = await openInput(storageFor(cwd), cwd, { file, start: 0, end });
  const scanner = createKernel();
  const words = new WordScan(scanner);
  const emit = (key: Text, value: unknown) => {
    const bytes = typeof key === "string" ? wtf8Bytes(key) : key.view();
    const name = bytes.toString("latin1");
    const copy = value instanceof ByteSlice ? value.copy() : asCarried(value);
    const values = groups.get(name);
    if (values === undefined) groups.set(name, [copy]);
    else values.push(copy);
  };
  const cursor = app.input.open(input, { skipBadRecords: false, scanner, words });
  while (await cursor.load()) {
    for (let record = cursor.next(); record !== undefined; record = cursor.next()) {
      const context = { file, task, offset: cursor.offset, counters: NO_COUNTERS };
      const result: unknown = await app.map(record, emit, context);
      if (typeof result !== "object" || result === null) continue;
      for await (const [key, value] of result as AsyncIterable<[Text, unknown]>) emit(key, value);
    }
  }
  cursor.close?.();
  input.close();
}

/** What is left of a value on its way through a file: JSON has no −0, for one. */
function asCarried(value: unknown): unknown {
  if (typeof value === "string") return value;
  const json = JSON.stringify(value) as string | undefined;
  if (json === undefined) throw new TypeError(`JSON can't carry a value of type ${typeof value}`);
  return JSON.parse(json);
}

async function reduceKey(
  app: RecordApp,
  key: ByteSlice,
  values: readonly unknown[],
  parts: Uint8Array[],
): Promise<void> {
  const sink: OutputSink = {
    bytes: (bytes, start, end) => parts.push(new Uint8Array(bytes.subarray(start, end))),
    text: (line) => parts.push(wtf8Bytes(line)),
  };
  const output = app.output ?? text();
  const write = (value: unknown) => {
    if (value !== undefined) output.write(key, value, sink);
  };
  const context = { keyBytes: key, task: 0, counters: NO_COUNTERS };
  const result: unknown = await app.reduce(key.toString(), values, write, context);
  const isIterator = typeof result === "object" && result !== null && "next" in result;
  if (!isIterator) write(result);
  else for await (const value of result as unknown as AsyncIterable<unknown>) write(value);
}
