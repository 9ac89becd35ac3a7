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
import { EVENT_LOG_NAME, JOB_LOG_NAME } from "../../src/mr/job/names.ts";
import { readHistory } from "../../src/mr/watch/history/job-history.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const REDUCES = 3;
const LINES = ["a", "b", "c", "d", "e", "f", "g", "h"].map((word) => `${word} 1`);

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

function linesOf(outputs: readonly string[]): string[] {
  const text = outputs.map((name) => readFileSync(name, "utf8")).join("");
  return text.split("\n").filter(Boolean).sort();
}

it.each(SPOILED)(
  "F49 a result that %s is made again before the job is complete",
  async (_, spoil) => {
    const events: JobEvent[] = [];
    const spoilOnce = whenLastBegins(() => spoil(join(out, "mr-out-0")));
    const { outputs } = await runJob({
      ...options,
      onEvent: (event) => {
        events.push(event);
        spoilOnce(event);
      },
    });
    expect(linesOf(outputs)).toEqual(LINES);
    expect(readdirSync(out).sort()).toEqual([EVENT_LOG_NAME, "mr-out-0", "mr-out-1", "mr-out-2"]);
    const reopened = events.filter(({ type }) => type === "taskReopened");
    expect(reopened).toMatchObject([{ phase: "reduce", task: 0 }]);
    expect(events.at(-1)).toMatchObject({ type: "jobEnded", outcome: { state: "completed" } });
    expect(events.indexOf(reopened[0] as JobEvent)).toBeLessThan(events.length - 1);
  },
);

it("F49 a result that a directory has replaced fails the job before anyone is told of its success", async () => {
  const path = join(out, "mr-out-0");
  const ends: JobEvent[] = [];
  const replace = whenLastBegins(() => {
    rmSync(path);
    mkdirSync(join(path, "full"), { recursive: true });
  });
  const failed = runJob({
    ...options,
    onEvent: (event) => {
      replace(event);
      if (event.type === "jobEnded") ends.push(event);
    },
  });
  const message = expect.stringContaining(path);
  await expect(failed).rejects.toMatchObject({ code: "OUTPUT_UNWRITABLE", message });
  expect(ends).toMatchObject([{ outcome: { state: "failed" } }]);
  expect((await readHistory(out)).last.view.outcome).toMatchObject({ state: "failed" });
  expect(existsSync(join(out, JOB_LOG_NAME))).toBe(true);
  rmSync(path, { recursive: true });
  expect(linesOf((await runJob({ ...options, resume: true })).outputs)).toEqual(LINES);
});

it("F49 a result that was spoiled while no coordinator ran is made again on resuming", async () => {
  const path = join(out, "mr-out-0");
  const abort = new AbortController();
  const stop = whenLastBegins(() => abort.abort("enough"));
  const cancelled = runJob({ ...options, signal: abort.signal, onEvent: stop });
  await expect(cancelled).rejects.toMatchObject({ code: "JOB_CANCELLED" });
  writeFileSync(path, readFileSync(path).fill("x"));
  expect(linesOf((await runJob({ ...options, resume: true })).outputs)).toEqual(LINES);
});

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
