import {
  closeSync,
  openSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { beforeEach, describe, expect, it } from "vitest";
import { hasItsOutputs, ResultCheck } from "../../../src/mr/engines/local/result-check.ts";
import type { JobEvent } from "../../../src/mr/job/events.ts";
import { fileStorage } from "../../../src/mr/storage/file/file-storage.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

/** More than is read twice. */
const LARGE_BYTES = 17 * 1024 * 1024;

describe("the check of results at the end of a job", () => {
  let directory: string;
  beforeEach(() => {
    directory = temporaryDirectory();
  });

  /** A result, as a completed task reports it. */
  function complete(check: ResultCheck, bytes: number) {
    const path = join(directory, "mr-out-0");
    writeFileSync(path, "");
    truncateSync(path, bytes);
    const event = { type: "attemptCompleted", phase: "reduce", task: 0, outputBytes: [bytes] };
    check.onEvent(event as unknown as JobEvent);
    return { path, file: { name: "mr-out-0", bytes, crc32: crc32(Buffer.alloc(bytes)) } };
  }

  for (const [size, bytes] of [
    ["small", 1000],
    ["large", LARGE_BYTES],
  ] as const)
    it(`F49 finds a ${size} result that was changed in place, with its size and time as before`, async () => {
      const check = new ResultCheck(fileStorage, directory);
      const { path, file } = complete(check, bytes);
      expect(await check.findLost([file])).toEqual([]);
      const { atime, mtime } = statSync(path);
      const descriptor = openSync(path, "r+");
      writeSync(descriptor, "x", bytes - 1);
      closeSync(descriptor);
      utimesSync(path, atime, mtime);
      expect(await check.findLost([file])).toEqual([0]);
    });
});

describe("the check of the outputs of an earlier coordinator", () => {
  const contents = Buffer.from("a 1\n");

  /** Whether a task that wrote `contents` is believed to have its output, if the file has other contents now. */
  async function hasOutput(phase: "map" | "reduce", found: string): Promise<boolean> {
    const directory = temporaryDirectory();
    const name = phase === "map" ? "mr-0-0" : "mr-out-0";
    writeFileSync(join(directory, name), found);
    const outputs = [{ name, bytes: contents.length, crc32: crc32(contents) }];
    const task = { phase, task: 0, attempt: 1, result: { outputs, counters: {} } };
    const sizeOf = (path: string) => statSync(path, { throwIfNoEntry: false })?.size;
    return await hasItsOutputs(task, { storage: fileStorage, directory, sizeOf });
  }

  it("F49 does not believe a result of the right length with other contents", async () => {
    expect(await hasOutput("reduce", "a 1\n")).toBe(true);
    expect(await hasOutput("reduce", "a 2\n")).toBe(false);
    expect(await hasOutput("reduce", "a 1")).toBe(false);
  });

  it("F10 compares the lengths of map outputs, whose contents reduce tasks check", async () => {
    expect(await hasOutput("map", "a 2\n")).toBe(true);
    expect(await hasOutput("map", "a 1")).toBe(false);
  });
});
