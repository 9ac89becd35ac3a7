// Tests what tasks do about inputs that are no longer what the job was planned with.

import {
  appendFileSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { beforeEach, describe, expect, it } from "vitest";
import type { ClassicApp, Emit } from "../../../src/mr/app/contract/contract.ts";
import { defineApp, type RecordApp } from "../../../src/mr/app/contract/define-app.ts";
import type { Reader } from "../../../src/mr/app/contract/reader.ts";
import { csv } from "../../../src/mr/data/input/csv.ts";
import { jsonLines } from "../../../src/mr/data/input/json-lines.ts";
import { blocks, lines } from "../../../src/mr/data/input/lines.ts";
import { planJob } from "../../../src/mr/data/input/plan-job.ts";
import { recordsFrom } from "../../../src/mr/data/input/records-from.ts";
import { wholeFile } from "../../../src/mr/data/input/whole-file.ts";
import { runMapTask } from "../../../src/mr/data/task/map-task.ts";
import { runApp } from "../../../src/mr/engines/sequential/run-app.ts";
import type { Split } from "../../../src/mr/job/split.ts";
import { fileStorage } from "../../../src/mr/storage/file/file-storage.ts";
import { statInput, storageFor } from "../../../src/mr/storage/registry.ts";
import type { Storage, StoredFile } from "../../../src/mr/storage/storage.ts";
import { mrError } from "../../support/mr-error.ts";
import { JobHarness, loadedApp } from "./job-harness.ts";

let job: JobHarness;
let path: string;

/** Larger than what is read at a time. */
const CONTENTS = "12345678\n".repeat(400_000);

beforeEach(() => {
  job = new JobHarness();
  path = job.write("a.txt", CONTENTS);
});

/** An app that calls `change` at its first record. */
function changing(input: Reader<unknown>, change: () => void): RecordApp {
  let isChanged = false;
  return defineApp({
    input,
    map(_record, emit: Emit<number>) {
      if (!isChanged) change();
      isChanged = true;
      emit("records", 1);
    },
    reduce: () => 1,
  }) as RecordApp;
}

/** The same in the classic form. */
function changingClassic(change: () => void): ClassicApp {
  return {
    map() {
      change();
      return [];
    },
    reduce: () => "",
  };
}

async function splitsOf(
  app: RecordApp | ClassicApp,
  splitBytes?: number,
): Promise<readonly Split[]> {
  const inputs = [await statInput("a.txt", job.directory)];
  const how = { app: undefined, inputs, inputDirectory: job.directory, splitBytes, workers: 1 };
  return await planJob(storageFor, how)(loadedApp(app).splitting);
}

async function mapTask(app: RecordApp | ClassicApp, split: Split | undefined): Promise<unknown> {
  if (split === undefined) throw new Error("There is no such split");
  return await runMapTask({ task: 0, split }, loadedApp(app), job.context());
}

function overwrite(): void {
  writeFileSync(path, CONTENTS.replaceAll("1", "2"));
  // Times go on in ticks, so this one may be that of the contents before.
  utimesSync(path, 1_700_000_000, 1_700_000_000);
}

const changes: ReadonlyArray<readonly [how: string, change: () => void]> = [
  ["truncated to nothing", () => truncateSync(path, 0)],
  ["truncated", () => truncateSync(path, CONTENTS.length - 9)],
  ["overwritten in place", overwrite],
  ["longer", () => appendFileSync(path, "more\n")],
];

const readers = [
  lines(),
  blocks(),
  wholeFile(),
  jsonLines(),
  csv({ header: false }),
  recordsFrom("chunks", ({ chunks }) => chunks),
] as Reader<unknown>[];

const CHANGED = mrError(
  "INPUT_CHANGED",
  'Cannot read input "a.txt": it has changed since the job was planned: it ',
) as Error;

describe("an input that a task reads", () => {
  describe.each(changes)("F45 that is %s", (_how, change) => {
    it.each(readers)("fails the task while it is read: $name", async (reader) => {
      const app = changing(reader, change);
      const [split] = await splitsOf(app);
      await expect(mapTask(app, split)).rejects.toThrow(CHANGED);
      expect(job.leftovers).toEqual([]);
    });

    it.each(readers)("fails the task before it is read: $name", async (reader) => {
      const app = changing(reader, () => undefined);
      const splits = await splitsOf(app, 1_000_000);
      change();
      for (const split of splits) await expect(mapTask(app, split)).rejects.toThrow(CHANGED);
    });

    it("fails the classic form, and the sequential run", async () => {
      const [split] = await splitsOf(changingClassic(change));
      await expect(
        mapTask(
          changingClassic(() => undefined),
          split,
        ),
      ).resolves.toBeDefined();
      change();
      await expect(
        mapTask(
          changingClassic(() => undefined),
          split,
        ),
      ).rejects.toThrow(CHANGED);
    });
  });

  it("F45 that is changed fails the sequential run of either form", async () => {
    for (const change of [() => truncateSync(path, 0), () => appendFileSync(path, "x\n")]) {
      writeFileSync(path, CONTENTS);
      const inputs = [await statInput("a.txt", job.directory)];
      const how = { inputs, inputDirectory: job.directory, reduces: 1, skipBadRecords: false };
      await expect(runApp(changing(lines(), change), how)).rejects.toThrow(CHANGED);
      await expect(
        runApp(
          changing(lines(), () => undefined),
          how,
        ),
      ).rejects.toThrow(CHANGED);
      await expect(
        runApp(
          changingClassic(() => undefined),
          how,
        ),
      ).rejects.toThrow(CHANGED);
    }
  });

  it("F45 that is replaced while it is read is read as it was, and not again", async () => {
    const app = changing(lines(), () => {
      job.write("new.txt", CONTENTS);
      utimesSync(`${job.directory}/new.txt`, 1_700_000_000, 1_700_000_000);
      renameSync(`${job.directory}/new.txt`, path);
    });
    const [split] = await splitsOf(app);
    await expect(mapTask(app, split)).resolves.toBeDefined();
    await expect(mapTask(app, split)).rejects.toThrow(CHANGED);
  });

  it("F45 that is replaced by another file of the same size and time is named", async () => {
    const app = changing(lines(), () => undefined);
    utimesSync(path, 1_700_000_000, 1_700_000_000);
    const [split] = await splitsOf(app);
    await expect(mapTask(app, split)).resolves.toBeDefined();
    job.write("new.txt", CONTENTS);
    utimesSync(`${job.directory}/new.txt`, 1_700_000_000, 1_700_000_000);
    renameSync(`${job.directory}/new.txt`, path);
    await expect(mapTask(app, split)).rejects.toThrow(CHANGED);
  });

  it("F15 F45 that is removed is named", async () => {
    const app = changing(lines(), () => undefined);
    const [split] = await splitsOf(app);
    rmSync(path);
    await expect(mapTask(app, split)).rejects.toThrow(
      mrError("INPUT_NOT_FOUND", '"a.txt"', "ENOENT") as Error,
    );
  });

  it("F45 that changes while it is planned is named", async () => {
    const app = changing(csv({ header: false }), () => undefined);
    const input = await statInput("a.txt", job.directory);
    for (const stale of [
      { ...input, size: input.size + 1 },
      { ...input, version: "1" },
    ]) {
      const inputs = [stale];
      const how = {
        app: undefined,
        inputs,
        inputDirectory: job.directory,
        workers: 1,
        splitBytes: 1e6,
      };
      const plan = planJob(storageFor, how);
      for (const reader of [app, changing(lines(), () => undefined)]) {
        const planning = Promise.resolve(plan(loadedApp(reader).splitting));
        await expect(planning).rejects.toThrow(CHANGED);
      }
    }
  });

  it("F45 that changes after its splits were found is named", async () => {
    writeFileSync(path, "a,b\n".repeat(1000));
    const inputs = [await statInput("a.txt", job.directory)];
    let opened = 0;
    let reads = 0;
    const open = async (name: string): Promise<StoredFile> => {
      const file = await fileStorage.open(name);
      opened += 1;
      // The first time, only to find out whether it is compressed.
      if (opened === 1) return file;
      const read: StoredFile["read"] = (...part) => {
        const count = file.read(...part);
        reads += 1;
        // Another time, as if it had been written to.
        utimesSync(path, 1, reads);
        return count;
      };
      return { read, stat: () => file.stat(), close: () => file.close() };
    };
    const storage: Storage = Object.assign(Object.create(fileStorage), { open });
    const how = { app: undefined, inputs, inputDirectory: job.directory, workers: 1 };
    const plan = planJob(() => storage, { ...how, splitBytes: 500 });
    const planning = Promise.resolve(plan(csv({ header: false }).splitting));
    await expect(planning).rejects.toThrow(CHANGED);
    expect(reads).toBeGreaterThan(0);
  });

  it("F45 that is compressed and changes fails the task", async () => {
    const { gzipSync } = await import("node:zlib");
    const noise = Array.from({ length: 200_000 }, (_, i) => `${Math.sin(i)}\n`).join("");
    const packed = gzipSync(noise);
    expect(packed.length).toBeGreaterThan(1_000_000);
    writeFileSync(path, packed);
    for (const change of [() => truncateSync(path, 0), () => appendFileSync(path, "\0")]) {
      writeFileSync(path, packed);
      const app = changing(lines(), change);
      const [split] = await splitsOf(app);
      await expect(mapTask(app, split)).rejects.toThrow(CHANGED);
    }
  });

  it("F45 that is compressed, read whole before its first record, and then overwritten fails the task", async () => {
    const { gzipSync } = await import("node:zlib");
    const packed = gzipSync("a\nb\n");
    writeFileSync(path, packed);
    const app = changing(lines(), () => {
      writeFileSync(path, packed);
      utimesSync(path, 1_700_000_000, 1_700_000_000);
    });
    const [split] = await splitsOf(app);
    await expect(mapTask(app, split)).rejects.toThrow(CHANGED);
    expect(job.leftovers).toEqual([]);
  });
});

describe("a file that ends before its size, although it has not changed", () => {
  it("F41 is refused as one of the kernel, and not as one that has changed", async () => {
    // Files of the kernel do so, but not on every machine: this one is planned with a size that it does not have.
    const app = changing(lines(), () => undefined);
    const file = { size: CONTENTS.length + 7, version: "1" };
    const short = {
      read: (target: Uint8Array, from: number, to: number, position: number) => {
        const part = Buffer.from(CONTENTS).subarray(position, position + to - from);
        target.set(part, from);
        return part.length;
      },
      stat: () => file,
      close: () => undefined,
    };
    const storage = { ...storageFor("a.txt"), resolve: () => "a.txt", open: () => short };
    const context = { ...job.context(), storageFor: () => storage as unknown as Storage };
    const part = { file: "a.txt", start: 0, end: file.size, ...file };
    await expect(runMapTask({ task: 0, split: part }, loadedApp(app), context)).rejects.toThrow(
      mrError(
        "INPUT_UNREADABLE",
        '"a.txt"',
        `it says that it has ${file.size} bytes, and ends after ${CONTENTS.length}`,
      ),
    );
  });
});
