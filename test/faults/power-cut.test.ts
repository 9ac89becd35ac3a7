// Tests what a power cut would leave of a job: the calls that sync its journal and its results.

import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { compileApp } from "../../src/mr/app/load/compile-app.ts";
import { syncDirectory } from "../../src/mr/base/directories.ts";
import { HeldDirectory } from "../../src/mr/base/held-directory.ts";
import { decodeRecords, FileJobLog } from "../../src/mr/control/log/file-job-log.ts";
import { mergeOutputs } from "../../src/mr/data/output/merge-outputs.ts";
import { runReduceTask } from "../../src/mr/data/task/reduce-task.ts";
import { runJob } from "../../src/mr/engines/run-job.ts";
import { EVENT_LOG_NAME, JOB_LOG_NAME } from "../../src/mr/job/names.ts";
import { publishFile } from "../../src/mr/storage/file/destination.ts";
import { fileStorage } from "../../src/mr/storage/file/file-storage.ts";
import { sealEventLog } from "../../src/mr/watch/history/event-log.ts";
import { JOB, note } from "../control/log/job-log-conformance.ts";
import { JobHarness, loadedApp } from "../data/task/job-harness.ts";
import { powerCut } from "../support/power-cut.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

vi.mock("node:fs", async (importOriginal) => {
  const { powerCut } = await import("../support/power-cut.ts");
  return powerCut.watching(await importOriginal());
});

const APP = {
  map: (_: string, text: string) => text.split(" ").map((key) => ({ key, value: "1" })),
  reduce: (_: string, values: readonly string[]) => String(values.length),
};

const SMALL_APP =
  "export const map = () => [{ key: 'k', value: '' }]; export const reduce = () => 'v';";

let directory: string;
let journal: string;
beforeEach(() => {
  directory = temporaryDirectory();
  journal = join(directory, JOB_LOG_NAME);
  powerCut.forget();
});

/** How many records of the journal survive a power cut. */
function surviving(): number {
  return (powerCut.contentsOf(journal) ?? "").split("\n").length - 1;
}

describe("the journal of a job", () => {
  it("F58 is there with its first record from the moment it is created", () => {
    FileJobLog.create(HeldDirectory.open(directory), JOB).close();
    expect(powerCut.contentsOf(journal)).toBe(readFileSync(journal, "utf8"));
    expect(surviving()).toBe(1);
    // Otherwise a power cut could leave an empty journal in the place of that of an earlier job.
    expect(powerCut.renamedUnsynced).toEqual([]);
  });

  it("F58 holds a record once its append is done", async () => {
    const log = FileJobLog.create(HeldDirectory.open(directory), JOB);
    for (let records = 2; records < 6; records++) {
      const appending = log.append([note(records)]);
      expect(surviving()).toBe(records - 1);
      await appending;
      expect(surviving()).toBe(records);
    }
    log.close();
  });

  it("F58 holds each of many records that are appended at once, when its own append is done", async () => {
    const log = FileJobLog.create(HeldDirectory.open(directory), JOB);
    const appending: Promise<void>[] = [];
    const append = (number: number) => {
      const isSafe = () => expect(powerCut.contentsOf(journal)).toContain(`"${number}"`);
      appending.push(Promise.resolve(log.append([note(number)])).then(isSafe));
    };
    // A sync does not cover records that are written when it has begun.
    let more = 10;
    powerCut.onSync = () => {
      if (more < 14) queueMicrotask(() => append(more++));
    };
    for (const number of [1, 2, 3]) append(number);
    while (appending.length < 7) await appending.at(-1);
    await Promise.all(appending);
    log.close();
    expect(surviving()).toBe(8);
  });

  it("F58 holds what a coordinator appends that has resumed the job", async () => {
    FileJobLog.create(HeldDirectory.open(directory), JOB).close();
    // As if that one had been killed before it could sync the directory.
    powerCut.forget();
    const { log } = FileJobLog.open(HeldDirectory.open(directory));
    await log.append([{ type: "resumed", term: 2 }]);
    log.close();
    expect(surviving()).toBe(2);
  });

  it("F12 is not written to after a sync has failed: what is on the disk is not known", async () => {
    const log = FileJobLog.create(HeldDirectory.open(directory), JOB);
    powerCut.syncError = Object.assign(new Error("no space"), { code: "ENOSPC" });
    await expect(log.append([note(1)])).rejects.toMatchObject({ code: "LOG_UNWRITABLE" });
    powerCut.syncError = undefined;
    powerCut.calls.length = 0;
    const before = readFileSync(journal, "utf8");
    for (const number of [2, 3]) {
      const append = async () => log.append([note(number)]);
      await expect(append()).rejects.toMatchObject({ code: "LOG_UNWRITABLE" });
    }
    expect(powerCut.calls).toEqual([]);
    expect(readFileSync(journal, "utf8")).toBe(before);
    log.close();
  });

  it("F12 fails all appends that wait for a sync that fails, and those after it", async () => {
    const log = FileJobLog.create(HeldDirectory.open(directory), JOB);
    const first = log.append([note(1)]);
    powerCut.syncError = Object.assign(new Error("input/output error"), { code: "EIO" });
    await Promise.resolve();
    await Promise.resolve();
    // The sync of the first is under way.
    const appends = [first, log.append([note(2)])];
    const results = await Promise.allSettled(appends);
    const codes = results.map((result) => result.status === "rejected" && result.reason.code);
    expect(codes).toEqual(["LOG_UNWRITABLE", "LOG_UNWRITABLE"]);
    log.close();
  });

  it("F12 is not created if it can't be synced", () => {
    powerCut.syncError = Object.assign(new Error("no space"), { code: "ENOSPC" });
    const unwritable = expect.objectContaining({ code: "LOG_UNWRITABLE" });
    expect(() => FileJobLog.create(HeldDirectory.open(directory), JOB)).toThrow(unwritable);
  });
});

describe("a result", () => {
  it("F58 is there with its contents from the moment a reduce task has committed it", async () => {
    const job = new JobHarness();
    job.write("a.txt", "x y x");
    const options = { reduces: 1 };
    const [source] = await job.map(APP, ["a.txt"], options);
    powerCut.forget();
    const task = { task: 0, sources: source ?? [] };
    const { output } = await runReduceTask(task, loadedApp(APP), job.context(options));
    const result = join(job.directory, "mr-out-0");
    expect(powerCut.contentsOf(result)).toBe(undefined);
    await output.commit();
    expect(powerCut.contentsOf(result)).toBe("x 2\ny 1\n");
    expect(powerCut.renamedUnsynced).toEqual([]);
  });

  it("F58 of the sequential run is there when that is complete", async () => {
    const job = new JobHarness();
    const options = {
      app: job.write("app.mjs", SMALL_APP),
      inputs: [job.write("a.txt", "x")],
      out: job.directory,
      reduces: 2,
      check: false,
    };
    const { outputs } = await runJob({ ...options, engine: "sequential" });
    expect(outputs.map((path) => powerCut.contentsOf(path)).sort()).toEqual(["", "k v\n"]);
    const results = powerCut.renamedUnsynced.filter((name) => name.startsWith("mr-"));
    expect(results).toEqual([]);
  });

  it.each(["local", "sequential"] as const)(
    "F58 is in a directory that has its name, however many were made for it (%s)",
    async (engine) => {
      const job = new JobHarness();
      const out = join(job.directory, "new", "deep", "out");
      const app = job.write("app.mjs", SMALL_APP);
      const inputs = [job.write("a.txt", "x")];
      await runJob({ app, inputs, out, reduces: 1, workers: 1, check: false, engine });
      const made = ["new", "new/deep", "new/deep/out"].map((path) => join(job.directory, path));
      expect(made.filter((path) => !powerCut.hasName(path))).toEqual([]);
    },
  );

  it("F58 is removed only when the file into which it was merged is safe", async () => {
    const job = new JobHarness();
    const paths = [
      ["mr-out-0", "a 1\n"],
      ["mr-out-1", "b 1\n"],
    ].map(([name = "", text = ""]) => {
      return { path: job.write(name, text) };
    });
    const merged: unknown[] = [];
    const storage = {
      ...fileStorage,
      remove: async (path: string) => {
        merged.push(powerCut.contentsOf(join(job.directory, "mr-out")));
        await fileStorage.remove(path);
      },
    };
    await mergeOutputs(storage, job.directory, paths);
    expect(merged).toEqual(["a 1\nb 1\n", "a 1\nb 1\n"]);
    expect(powerCut.renamedUnsynced).toEqual([]);
  });

  it("F12 is not published if it can't be synced", async () => {
    const output = fileStorage.createOutput(directory, "0123abcd-1-1", { durable: true });
    const file = output.file("mr-out-0");
    file.write(Buffer.from("x 1\n"));
    powerCut.syncError = Object.assign(new Error("no space"), { code: "ENOSPC" });
    const unwritable = expect.objectContaining({ code: "OUTPUT_UNWRITABLE" });
    expect(() => file.finish()).toThrow(unwritable);
    output.discard();
    expect(powerCut.calls.filter((call) => call.startsWith("rename"))).toEqual([]);
  });

  it("F12 does not count if its name can't be synced", async () => {
    const output = fileStorage.createOutput(directory, "0123abcd-1-1", { durable: true });
    output.file("mr-out-0").finish();
    powerCut.syncError = Object.assign(new Error("input/output error"), { code: "EIO" });
    const unwritable = expect.objectContaining({ code: "OUTPUT_UNWRITABLE" });
    expect(() => output.commit()).toThrow(unwritable);
  });
});

describe("a file that the system writes a few bytes at a time", () => {
  beforeEach(() => {
    powerCut.maxWriteBytes = 3;
  });

  it("F12 is whole if it is a result", () => {
    const output = fileStorage.createOutput(directory, "0123abcd-1-1", { durable: true });
    const file = output.file("mr-out-0");
    const text = "some words 1\nwords 2\n".repeat(10);
    file.write(Buffer.from(text));
    file.finish();
    expect(output.commit()).toMatchObject([{ bytes: text.length }]);
    expect(readFileSync(join(directory, "mr-out-0"), "utf8")).toBe(text);
  });

  it("F12 is whole if it is the journal", async () => {
    const log = FileJobLog.create(HeldDirectory.open(directory), JOB);
    await log.append([note(1), note(2)]);
    await log.append([note(3)]);
    log.close();
    const { records } = decodeRecords(readFileSync(journal));
    expect(records).toEqual([JOB, note(1), note(2), note(3)]);
  });

  it("F12 is whole if it has a name that the user has given", () => {
    const path = join(directory, "report.html");
    publishFile(path, [Buffer.from("one and "), Buffer.from("two")], "user");
    expect(readFileSync(path, "utf8")).toBe("one and two");
  });
});

it("F58 the event log of a complete job is safe before its results are merged, and so is what is added", () => {
  const path = join(directory, EVENT_LOG_NAME);
  writeFileSync(path, '{"type":"jobEnded"}\n');
  syncDirectory(directory);
  sealEventLog(HeldDirectory.open(directory));
  expect(powerCut.contentsOf(path)).toBe('{"type":"jobEnded"}\n');
  // A system may write less than it is asked to.
  powerCut.maxWriteBytes = 3;
  const merged = { type: "outputMerged" as const, bytes: 5, crc32: 7 };
  sealEventLog(HeldDirectory.open(directory), merged);
  expect(powerCut.contentsOf(path)).toBe(`{"type":"jobEnded"}\n${JSON.stringify(merged)}\n`);
});

it("F58 a file with a name that the user has given is safe before it replaces another", () => {
  publishFile(join(directory, "report.html"), [Buffer.from("text")], "user");
  expect(powerCut.calls).toContain("rename report.html");
  expect(powerCut.renamedUnsynced).toEqual([]);
});

it("map outputs are not synced: that is slow, and their readers notice what is lost", async () => {
  const job = new JobHarness();
  job.write("a.txt", "x y x");
  await job.map(APP, ["a.txt"]);
  expect(powerCut.calls.filter((call) => call.startsWith("sync"))).toEqual([]);
});

it("F58 a compiled app is kept with its contents, not as an empty file", async () => {
  const source = join(directory, "app.ts");
  writeFileSync(source, SMALL_APP);
  const { path } = await compileApp(source);
  expect(powerCut.calls).toContain(`rename ${basename(path)}`);
  expect(powerCut.renamedUnsynced).toEqual([]);
});
