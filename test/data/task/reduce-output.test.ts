// Tests how src/mr/data/task/reduce-task.ts makes its result durable: in which order, and what it checks.

import { renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { runReduceTask } from "../../../src/mr/data/task/reduce-task.ts";
import { defineApp, lines, type OutputSink } from "../../../src/mr/index.ts";
import { fileStorage } from "../../../src/mr/storage/file/file-storage.ts";
import type { PendingFile } from "../../../src/mr/storage/pending-file.ts";
import type { Storage } from "../../../src/mr/storage/storage.ts";
import { JobHarness, loadedApp } from "./job-harness.ts";

const APP = defineApp({
  input: lines(),
  map: (line, emit) => emit(line, 1),
  reduce: () => "1",
});

let job: JobHarness;
beforeEach(() => {
  job = new JobHarness();
});

it("F65 the result of a reduce task says how many outputs of reduce it has, without those of skipped keys", async () => {
  const app = defineApp({
    input: lines(),
    map: (line, emit) => emit(line, 1),
    reduce: (key, _values, emit) => {
      emit("1\n2");
      if (key === "b") throw new Error("no luck");
      return key === "c" ? undefined : "3";
    },
  });
  const options = { reduces: 1, skipBadRecords: true };
  const reports = await job.map(app, [job.write("in.txt", "a\nb\nc\n")], options);
  const sources = reports.flatMap(([output]) => output ?? []);
  const context = job.context(options);
  const count = async (loaded: Parameters<typeof loadedApp>[0]) => {
    const result = await runReduceTask({ task: 0, sources }, loadedApp(loaded), context);
    const [output] = await result.output.commit();
    return output?.lines;
  };
  expect(await count(app)).toBe(3);
  // A format of the app may write several lines for one output.
  const output = {
    name: "own",
    write: (_key: unknown, _value: unknown, sink: OutputSink) => sink.text("1\n2\n"),
  };
  expect(await count({ ...app, output })).toBeUndefined();
});

interface Calls {
  readonly onFinish?: () => void;
  readonly afterCommit?: () => void;
}

/** The file system, for an output whose steps are watched. */
function watchedStorage({ onFinish, afterCommit }: Calls): Storage {
  return {
    ...fileStorage,
    createOutput(...args) {
      const output = fileStorage.createOutput(...args);
      return {
        file(name): PendingFile {
          const file = output.file(name);
          const finish = file.finish.bind(file);
          file.finish = () => {
            onFinish?.();
            finish();
          };
          return file;
        },
        async commit() {
          const files = await output.commit();
          afterCommit?.();
          return files;
        },
        discard: () => output.discard(),
      };
    },
  };
}

async function reduceWith(calls: Calls, workDone: () => void = () => undefined) {
  const reports = await job.map(APP, [job.write("in.txt", "a\nb\n")], { reduces: 1 });
  const sources = reports.flatMap(([output]) => output ?? []);
  const { progress, ...context } = job.context({ reduces: 1 });
  return await runReduceTask({ task: 0, sources }, loadedApp(APP), {
    ...context,
    storage: watchedStorage(calls),
    progress: { ...progress, workDone },
  });
}

describe("the result of a reduce task", () => {
  const damages: ReadonlyArray<readonly [how: string, damage: (path: string) => void]> = [
    ["vanishes", (path) => rmSync(path)],
    ["is cut", (path) => truncateSync(path, 1)],
    ["is changed, with its length as before,", (path) => writeFileSync(path, "a 1\nb 2\n")],
    ["does not get its name", (path) => renameSync(path, `${path}.moved`)],
  ];
  it.each(damages)("F49 that %s at its rename fails the commit", async (_, damage) => {
    const path = join(job.directory, "mr-out-0");
    const afterCommit = () => damage(path);
    const { output } = await reduceWith({ afterCommit });
    await expect((async () => output.commit())()).rejects.toMatchObject({
      code: "OUTPUT_UNREADABLE",
      message: expect.stringContaining(`"${path}"`),
    });
  });

  it("F49 that is as it was written is reported by the commit", async () => {
    const { output } = await reduceWith({});
    expect(await output.commit()).toMatchObject([{ name: "mr-out-0", bytes: 8 }]);
  });

  it("F43 is synced after the worker was told that the work is done, since that may take long", async () => {
    const steps: string[] = [];
    const onFinish = () => steps.push("finish");
    await reduceWith({ onFinish }, () => steps.push("workDone"));
    expect(steps).toEqual(["workDone", "finish"]);
  });
});
