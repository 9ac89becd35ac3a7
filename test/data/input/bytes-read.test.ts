// Tests how many bytes of their inputs map tasks read, and how many they tell.

import { gzipSync } from "node:zlib";
import { beforeEach, describe, expect, it } from "vitest";
import type { RecordApp } from "../../../src/mr/app/contract/define-app.ts";
import { planJob } from "../../../src/mr/data/input/plan-job.ts";
import { runMapTask } from "../../../src/mr/data/task/map-task.ts";
import {
  blocks,
  type ClassicApp,
  csv,
  defineApp,
  jsonLines,
  lines,
  type Reader,
  recordsFrom,
  wholeFile,
} from "../../../src/mr/index.ts";
import { fileStorage } from "../../../src/mr/storage/file/file-storage.ts";
import { statInput } from "../../../src/mr/storage/registry.ts";
import type { Storage } from "../../../src/mr/storage/storage.ts";
import { JobHarness, loadedApp } from "../task/job-harness.ts";

const ROWS = 20_000;
const TABLE = [
  "id,name,text\r\n",
  ...Array.from({ length: ROWS }, (_, at) => `${at},"a ""name""","${"w ".repeat(at % 30)}"\r\n`),
].join("");
const JSON_LINES = Array.from({ length: ROWS }, (_, at) => `{"id":${at},"text":"w w"}\n`).join("");

function appOf(input: Reader<unknown>): RecordApp {
  return defineApp({ input, map: () => undefined, reduce: () => 1 }) as RecordApp;
}

const chunks = recordsFrom("chunks", async function* ({ chunks: all }) {
  for await (const chunk of all) yield chunk.length;
});
/** Leaves most of the file. */
const firstOnly = recordsFrom(
  "first",
  async function* ({ chunks: all }) {
    for await (const chunk of all) {
      yield chunk.length;
      return;
    }
  },
  { encoding: false },
);
const classic: ClassicApp = { map: () => [], reduce: () => "" };

const APPS: ReadonlyArray<readonly [name: string, app: RecordApp | ClassicApp, text: string]> = [
  ["lines()", appOf(lines()), TABLE],
  ["blocks()", appOf(blocks()), TABLE],
  ["csv()", appOf(csv()), TABLE],
  ["csv({ column })", appOf(csv({ column: "text" })), TABLE],
  ["csv({ header: false })", appOf(csv({ header: false })), TABLE],
  ["jsonLines()", appOf(jsonLines()), JSON_LINES],
  ["wholeFile()", appOf(wholeFile()), TABLE],
  ["recordsFrom()", appOf(chunks), TABLE],
  ["the classic form", classic, TABLE],
];

let job: JobHarness;
/** The reader of CSV rows reads as much at a time. */
const HEAD_BLOCK_BYTES = 256 * 1024;

/** How many bytes the storage has read. */
let read: number;
const counting: Storage = {
  ...fileStorage,
  resolve: (directory, name) => fileStorage.resolve(directory, name),
  async open(path) {
    const file = await fileStorage.open(path);
    return {
      read(target: Uint8Array, from: number, to: number, position: number) {
        const count = file.read(target, from, to, position);
        read += count as number;
        return count;
      },
      stat: () => file.stat(),
      close: () => file.close(),
    };
  },
};

beforeEach(() => {
  job = new JobHarness();
  read = 0;
});

/** Runs the map tasks of a job. @returns how many there are, and how many bytes planning has read */
async function mapAll(
  app: RecordApp | ClassicApp,
  file: string,
  splitBytes: number,
  skipBadRecords = false,
) {
  const loaded = loadedApp(app);
  const inputDirectory = job.directory;
  const inputs = [await statInput(file, inputDirectory)];
  const spec = { app: undefined, inputs, inputDirectory, splitBytes, workers: 2 };
  const splits = await planJob(() => counting, spec)(loaded.splitting);
  const planned = read;
  let skipped = 0;
  read = 0;
  for (const [task, split] of splits.entries()) {
    const context = { ...job.context({ reduces: 1, skipBadRecords }), storageFor: () => counting };
    const { output, counters } = await runMapTask({ task, split }, loaded, context);
    output.discard();
    skipped += counters["skipped-records"] ?? 0;
  }
  return { tasks: splits.length, planned, skipped };
}

describe("map tasks", () => {
  it.each(APPS)(
    "of %s read each byte about once, however small the splits are",
    async (_, app, text) => {
      const file = job.write("in", text);
      for (const splitBytes of [2048, 60_000, 2 ** 30]) {
        read = 0;
        const { planned } = await mapAll(app, file, splitBytes);
        expect(read).toBeGreaterThanOrEqual(text.length);
        // The header, the length of a line beyond the end, and the bytes that tell the format.
        expect(read / text.length, `${splitBytes}`).toBeLessThan(1.3);
        // The planner reads the block with the head of a CSV file twice.
        expect(planned).toBeLessThan(1.01 * text.length + HEAD_BLOCK_BYTES);
      }
    },
  );

  it("of jsonLines() read little more where lines of all parts are skipped", async () => {
    const lineOf = (_: unknown, at: number) => (at % 50 === 0 ? "{\n" : `${at}\n`);
    const text = Array.from({ length: 100_000 }, lineOf).join("");
    const file = job.write("in", text);
    const { skipped } = await mapAll(appOf(jsonLines()), file, 2048, true);
    expect(skipped).toBe(2000);
    expect(read / text.length).toBeLessThan(4);
  });

  it.each(APPS)(
    "of %s tell the size of their inputs, whatever the splits",
    async (_, app, text) => {
      const file = job.write("in", text);
      for (const splitBytes of [100_000, 2048, 2 ** 30]) {
        job.told.bytes = 0;
        const { tasks } = await mapAll(app, file, splitBytes);
        if (splitBytes === 2048 && loadedApp(app).splitting !== "wholeFile") {
          expect(tasks).toBeGreaterThan(100);
        }
        expect(job.told.bytes, `${splitBytes}`).toBe(text.length);
      }
    },
  );

  it.each(APPS)(
    "of %s tell the size of compressed inputs as it is uncompressed",
    async (_, app, text) => {
      const file = job.write("in.gz", gzipSync(text));
      await mapAll(app, file, 2048);
      expect(job.told.bytes).toBe(text.length);
    },
  );

  it("tell the size of inputs in UTF-16, and of those that are not read to their ends", async () => {
    const text = Buffer.from(`\uFEFF${JSON_LINES}`, "utf16le");
    const file = job.write("in", text);
    for (const app of [appOf(lines()), appOf(jsonLines()), appOf(firstOnly)]) {
      job.told.bytes = 0;
      await mapAll(app, file, 100_000);
      expect(job.told.bytes).toBe(text.length);
    }
  });
});
