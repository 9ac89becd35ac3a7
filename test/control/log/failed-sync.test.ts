// Tests src/mr/control/log with a disk that fails to sync.

import * as fs from "node:fs";
import { beforeEach, expect, it, vi } from "vitest";
import { HeldDirectory } from "../../../src/mr/base/held-directory.ts";
import { FileJobLog } from "../../../src/mr/control/log/file-job-log.ts";
import { JOB_LOG_NAME } from "../../../src/mr/job/names.ts";
import { mrError } from "../../support/mr-error.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { JOB } from "./job-log-conformance.ts";

const disk = vi.hoisted(() => ({ failures: 0 }));

vi.mock("node:fs", async (importOriginal) => {
  const original = await importOriginal<typeof fs>();
  const fdatasync = (descriptor: number, callback: fs.NoParamCallback) => {
    if (disk.failures === 0) return original.fdatasync(descriptor, callback);
    disk.failures -= 1;
    callback(Object.assign(new Error("i/o error"), { code: "EIO" }));
  };
  return { ...original, fdatasync };
});

const REOPENED = { type: "reopened", phase: "map", task: 0 } as const;
const REFUSED = mrError("LOG_UNWRITABLE", "EIO") as Error;

let directory: string;
beforeEach(() => {
  directory = temporaryDirectory();
});

it("F12 writes nothing more to a journal that was not synced once, although the disk works again", async () => {
  const log = FileJobLog.create(HeldDirectory.open(directory), JOB);
  await log.append([REOPENED]);
  disk.failures = 1;
  await expect(log.append([REOPENED])).rejects.toThrow(REFUSED);
  const { length } = fs.readFileSync(`${directory}/${JOB_LOG_NAME}`);
  // It may throw at once or later.
  const append = async () => log.append([REOPENED]);
  await expect(append()).rejects.toThrow(REFUSED);
  expect(fs.readFileSync(`${directory}/${JOB_LOG_NAME}`)).toHaveLength(length);
  log.close();
});
