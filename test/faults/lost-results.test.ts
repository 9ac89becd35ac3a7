// Tests results that vanish or are cut after their task has completed.

import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, it } from "vitest";
import { completedJob } from "../../src/main/job-figures.ts";
import { type RunJobOptions, runJob } from "../../src/mr/engines/run-job.ts";
import type { JobEvent } from "../../src/mr/job/events.ts";
import { JOB_LOG_NAME } from "../../src/mr/job/names.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const REDUCES = 3;

let out: string;
let options: RunJobOptions;
beforeEach(() => {
  const home = temporaryDirectory();
  out = join(home, "out");
  const input = join(home, "a.txt");
  writeFileSync(input, "a b c d e f g h\n");
  options = { app: "wc", inputs: [input], out, workers: 1, reduces: REDUCES };
});

/** Does something when the last reduce task begins. */
function whenLastBegins(what: () => void) {
  let started = 0;
  return (event: JobEvent) => {
    if (event.type !== "attemptStarted" || event.phase !== "reduce") return;
    started += 1;
    if (started === REDUCES) what();
  };
}

const SPOILED: ReadonlyArray<readonly [string, (path: string) => void]> = [
  ["vanishes", (path) => rmSync(path)],
  ["is cut", (path) => truncateSync(path, 1)],
  ["is changed", (path) => writeFileSync(path, readFileSync(path).fill("x"))],
];

it.each(SPOILED)(
  "F49 a result that %s fails the job by its name, and is made again on resuming",
  async (_, spoil) => {
    const path = join(out, "mr-out-0");
    const failed = runJob({ ...options, onEvent: whenLastBegins(() => spoil(path)) });
    const message = expect.stringContaining(path);
    await expect(failed).rejects.toMatchObject({ code: "OUTPUT_UNREADABLE", message });
    expect(existsSync(join(out, JOB_LOG_NAME))).toBe(true);
    const { outputs } = await runJob({ ...options, resume: true });
    const lines = outputs.map((name) => readFileSync(name, "utf8")).join("");
    expect(lines.split("\n").filter(Boolean).sort()).toEqual(
      ["a", "b", "c", "d", "e", "f", "g", "h"].map((word) => `${word} 1`),
    );
  },
);

it("F50 a complete job one of whose results is lost has no output to be merged", async () => {
  await runJob(options);
  expect((await completedJob(out))?.result.outputs).toHaveLength(REDUCES);
  truncateSync(join(out, "mr-out-1"), 1);
  await expect(completedJob(out)).rejects.toMatchObject({ code: "OUTPUT_UNREADABLE" });
  rmSync(join(out, "mr-out-2"));
  rmSync(join(out, "mr-out-1"));
  await expect(completedJob(out)).rejects.toMatchObject({ code: "OUTPUT_UNREADABLE" });
});

it("F50 results that remain beside the merged one, when it was interrupted, are removed", async () => {
  const { outputs } = await runJob(options);
  const merged = join(out, "mr-out");
  writeFileSync(merged, outputs.map((path) => readFileSync(path, "utf8")).join(""));
  rmSync(join(out, "mr-out-0"));
  expect((await completedJob(out))?.result.outputs).toEqual([merged]);
  expect(readdirSync(out).sort()).toEqual([".mr-events", "mr-out"]);
});

it("F50 a merged file that is not of the job leaves its results alone", async () => {
  await runJob(options);
  writeFileSync(join(out, "mr-out"), "of another job\n");
  expect(await completedJob(out)).toBeUndefined();
  expect(readdirSync(out)).toHaveLength(REDUCES + 2);
  mkdirSync(join(out, "empty"));
  expect(await completedJob(join(out, "empty"))).toBeUndefined();
});
