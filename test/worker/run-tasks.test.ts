// Tests src/mr/worker/run-tasks.ts: what an attempt publishes and reports, whatever the coordinator answers.

import { describe, expect, it } from "vitest";
import { MrError } from "../../src/mr/base/errors.ts";
import { DamagedRunError } from "../../src/mr/data/shuffle/run-file.ts";
import { AppError } from "../../src/mr/data/task/app-error.ts";
import { NO_PROGRESS } from "../../src/mr/job/task.ts";
import { runTasks, StaleAttemptError, type TaskSource } from "../../src/mr/worker/run-tasks.ts";

const TASK = { kind: "reduce", task: 0, attempt: 1, sources: [] } as const;
const OUTPUT = { name: "mr-out-0", bytes: 4, crc32: 7 };
const GONE = new MrError("COORDINATOR_UNREACHABLE", "it is gone");
const FULL = new MrError("OUTPUT_UNWRITABLE", "the disk is full");

interface Answers {
  readonly execute?: Error;
  readonly commit?: boolean | Error;
  readonly publish?: Error;
  readonly complete?: boolean | Error;
}

/** Runs one attempt. @returns what it did, in order, and what the worker threw */
async function attempt({ execute, commit = true, publish, complete = true }: Answers) {
  const did: string[] = [];
  let isGiven = false;
  const say = (what: string, answer: boolean | Error): boolean => {
    did.push(what);
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const job = { job: "00c0ffee", directory: "/job", inputDirectory: "/job" };
  const source: TaskSource = {
    job: { ...job, reduces: 1, leaseMs: 1000, skipBadRecords: false },
    next: async () => {
      if (isGiven) return { kind: "exit", outcome: "completed" };
      isGiven = true;
      return TASK;
    },
    commit: async () => say("ask", commit),
    complete: async (_, { outputs, counters }) =>
      say(`complete ${outputs.map(({ name }) => name)} ${JSON.stringify(counters)}`, complete),
    fail: async (_, { code }, damaged) => say(`fail ${[code, ...damaged].join(" ")}`, true),
    close: () => undefined,
  };
  const output = {
    commit: async () => {
      say("publish", publish ?? true);
      return [OUTPUT];
    },
    discard: () => void did.push("discard"),
  };
  const run = async () => {
    say("execute", execute ?? true);
    return { output, counters: { words: 2 }, skipped: [] };
  };
  const observer = {
    begin: () => void did.push("begin"),
    workDone: () => void did.push("done"),
    end: () => void did.push("end"),
    progress: NO_PROGRESS,
  };
  const error = await runTasks(source, run, observer).catch((thrown: unknown) => thrown);
  return { did: did.join(", "), error };
}

describe("an attempt", () => {
  it.each<[string, Answers, string]>([
    [
      "publishes once it may, and reports what it has published",
      {},
      'execute, done, ask, publish, complete mr-out-0 {"words":2}, discard',
    ],
    ["publishes nothing if it may not", { commit: false }, "execute, done, ask, discard"],
    [
      "publishes nothing more, and reports no failure, if its completion does not count",
      { complete: false },
      'execute, done, ask, publish, complete mr-out-0 {"words":2}, discard',
    ],
    [
      "F12 reports a failure, and no completion, if it can't publish",
      { publish: FULL },
      "execute, done, ask, publish, fail OUTPUT_UNWRITABLE, discard",
    ],
    [
      "F22 asks for nothing if the app throws",
      { execute: new AppError("reduce of wc.ts failed", new Error("boom")) },
      "execute, done, fail APP_THREW",
    ],
    [
      "F22 takes what is no error of the library for one of the app",
      { execute: new TypeError("boom") },
      "execute, done, fail APP_THREW",
    ],
    [
      "F10 names the map output that is damaged",
      { execute: new DamagedRunError("/job/mr-3-0", "it is cut") },
      "execute, done, fail SHUFFLE_DAMAGED mr-3-0",
    ],
    [
      "F7 reports nothing if the coordinator has given it up",
      { execute: new StaleAttemptError() },
      "execute, done",
    ],
  ])("%s", async (_, answers, expected) => {
    expect(await attempt(answers)).toEqual({ did: `begin, ${expected}, end`, error: "completed" });
  });

  it.each<[string, Answers, string]>([
    ["its commit", { commit: GONE }, "execute, done, ask, discard"],
    [
      "its completion",
      { complete: GONE },
      'execute, done, ask, publish, complete mr-out-0 {"words":2}, discard',
    ],
  ])(
    "publishes no more if there is no answer to %s, and the worker ends",
    async (_, answers, expected) => {
      expect(await attempt(answers)).toEqual({ did: `begin, ${expected}, end`, error: GONE });
    },
  );
});
