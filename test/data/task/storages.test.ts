// Runs whole jobs of src/mr/data on every storage, and on one that answers later.
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { planJob } from "../../../src/mr/data/input/plan-job.ts";
import { runMapTask } from "../../../src/mr/data/task/map-task.ts";
import { runReduceTask } from "../../../src/mr/data/task/reduce-task.ts";
import {
  blocks,
  csv,
  defineApp,
  jsonLines,
  lines,
  type RecordApp,
  sum,
  wholeFile,
  words,
} from "../../../src/mr/index.ts";
import type { OutputFile } from "../../../src/mr/job/task.ts";
import { fileStorage } from "../../../src/mr/storage/file/file-storage.ts";
import { MemoryStorage } from "../../../src/mr/storage/memory/memory-storage.ts";
import { storageFor } from "../../../src/mr/storage/registry.ts";
import type { Storage, StorageFor } from "../../../src/mr/storage/storage.ts";
import { laterStorage } from "../../support/later-storage.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { loadedApp } from "./job-harness.ts";

const REDUCES = 3;

const text = Array.from({ length: 300 }, (_, n) => `the cat ${n % 17} of "${n % 5}"`).join("\n");
const rows = Array.from({ length: 90 }, (_, n) => `${n},"a\n${n % 7}"`).join("\n");
const INPUTS = {
  "a.txt": text,
  "b.txt.gz": gzipSync(text.slice(0, 999)),
  "c.csv": `id,text\n${rows}\n`,
  "d.jsonl": text.replaceAll(/.+/g, (line) => JSON.stringify(line)),
};

const count = { combine: sum, reduce: (_key: string, counts: Iterable<number>) => sum.of(counts) };
const APPS: Readonly<Record<string, readonly [file: keyof typeof INPUTS, app: unknown]>> = {
  lines: ["a.txt", defineApp({ input: lines(), map: (line, emit) => emit(line, 1), ...count })],
  "compressed lines": [
    "b.txt.gz",
    defineApp({ input: lines(), map: (line, emit) => emit(line, 1), ...count }),
  ],
  blocks: [
    "a.txt",
    defineApp({
      input: blocks(),
      map: (block, emit) => {
        for (const word of words(block)) emit(word, 1);
      },
      ...count,
    }),
  ],
  "rows of CSV": [
    "c.csv",
    defineApp({
      input: csv({ column: "text" }),
      map: (field, emit) => emit(field.replace("\n", " "), 1),
      ...count,
    }),
  ],
  "values of JSON": [
    "d.jsonl",
    defineApp({
      input: jsonLines<string>(),
      map: (value, emit) => emit(value, value.length),
      reduce: (_key, lengths) => [...lengths].length,
    }),
  ],
  "a whole file": [
    "a.txt",
    defineApp({
      input: wholeFile(),
      map: (file, emit) => emit("bytes", file.length),
      reduce: (_key, [length]) => length,
    }),
  ],
};

/** Runs a job with little memory and merges of two runs. @returns the contents of all `mr-out-Y` */
async function runJob(
  storage: Storage,
  storageFor: StorageFor,
  directory: string,
  file: string,
  app: RecordApp,
) {
  const loaded = loadedApp(app);
  const context = {
    storage,
    storageFor,
    directory,
    inputDirectory: directory,
    reduces: REDUCES,
    tag: "0123abcd-1-1",
    progress: {
      addRecords: () => undefined,
      addBytes: () => undefined,
      alive: () => undefined,
      workDone: () => undefined,
    },
    memoryBytes: 3000,
    fanIn: 2,
    skipBadRecords: false,
  };
  const inputs = await storageFor(file).find(file, directory);
  const job = { app: undefined, inputs, inputDirectory: directory, splitBytes: 900, workers: 1 };
  const plan = planJob(storageFor, job);
  const reports: (readonly OutputFile[])[] = [];
  for (const [task, split] of (await plan(app.input.splitting)).entries()) {
    const { output } = await runMapTask({ task, split }, loaded, context);
    reports.push(await output.commit());
  }
  let all = "";
  for (let task = 0; task < REDUCES; task++) {
    const sources = reports.map((report) => report[task] as OutputFile);
    const { output } = await runReduceTask({ task, sources }, loaded, context);
    const [result] = await output.commit();
    all += await contentsOf(storage, directory, result?.name ?? "");
  }
  return all;
}

async function contentsOf(storage: Storage, directory: string, name: string): Promise<string> {
  const path = storage.resolve(directory, name);
  const file = (await storage.fetch([path])).open(path);
  const bytes = Buffer.alloc(100_000);
  const length = file.read(bytes, 0, bytes.length, 0);
  file.close();
  return bytes.toString("utf8", 0, length);
}

async function write(storage: Storage, directory: string, name: string, contents: string | Buffer) {
  const output = storage.createOutput(directory, "in", { durable: false });
  const file = output.file(name);
  file.write(Buffer.from(contents));
  file.finish();
  await output.commit();
}

describe.each(Object.entries(APPS))("a job of %s", (_name, [file, app]) => {
  it("gives the same on every storage, whether it answers at once or later", async () => {
    const directory = temporaryDirectory();
    const results: string[] = [];
    for (const storage of [fileStorage, new MemoryStorage(), laterStorage()]) {
      await write(storage, directory, file, INPUTS[file]);
      results.push(await runJob(storage, () => storage, directory, file, app as RecordApp));
      const names = await storage.list(directory);
      expect(names.filter((name) => name.startsWith("."))).toEqual([]);
    }
    const [first, ...others] = results;
    expect(first?.length).toBeGreaterThan(0);
    for (const other of others) expect(other).toBe(first);
  });

  it("reads its inputs from the storage of their URLs, wherever its results are", async () => {
    const directory = temporaryDirectory();
    const memory = new MemoryStorage();
    await write(memory, "/in", file, INPUTS[file]);
    await write(fileStorage, directory, file, INPUTS[file]);
    const storages = new Map([["memory", memory]]);
    const run = (url: string) => {
      return runJob(
        fileStorage,
        (path) => storageFor(path, storages),
        directory,
        url,
        app as RecordApp,
      );
    };
    const expected = await run(file);
    await fileStorage.remove(fileStorage.resolve(directory, file));
    expect(await run(`memory:///in/${file}`)).toBe(expected);
    expect(memory.paths).toEqual([`/in/${file}`]);
  });
});
