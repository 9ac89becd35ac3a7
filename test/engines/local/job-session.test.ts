// Tests src/mr/engines/local/job-session.ts: what a resumed job must have in common with the one that began.

import {
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { beforeEach, describe, expect, it } from "vitest";
import type { LogRecord } from "../../../src/mr/control/log/job-log.ts";
import { openJob, settingsToResume } from "../../../src/mr/engines/local/job-session.ts";
import type { NewJob, ResumedJob } from "../../../src/mr/job/job-spec.ts";
import { EVENT_LOG_NAME, JOB_LOG_NAME } from "../../../src/mr/job/names.ts";
import { statInput } from "../../../src/mr/storage/registry.ts";
import { JOB } from "../../control/log/job-log-conformance.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const DIGEST = "d".repeat(64);
const TUNING = {
  ...{ app: undefined, workers: 1, splitBytes: undefined, memoryBytes: 1 << 26, leaseMs: 1000 },
  ...{ taskTimeoutMs: Infinity, maxFailures: 4, maxLosses: 20, maxBackups: 1 },
  ...{ keepMapOutputs: false, checkTypes: false },
};

let directory: string;
let input: string;
let begun: NewJob;
let resumed: ResumedJob;
beforeEach(async () => {
  directory = temporaryDirectory();
  const inputDirectory = temporaryDirectory();
  input = join(inputDirectory, "a.txt");
  writeFileSync(input, "some words\n");
  const inputs = [await statInput("a.txt", inputDirectory)];
  const { maxBadRecords } = JOB;
  const fixed = { reduces: 2, skipBadRecords: false, maxBadRecords, inputDirectory, inputs };
  begun = { ...TUNING, ...fixed, directory, resume: false };
  const given = { reduces: undefined, skipBadRecords: undefined, maxBadRecords: undefined };
  resumed = { ...TUNING, ...given, inputs: undefined, inputDirectory, directory, resume: true };
});

/** Begins the job, and leaves it with further records in its log. */
async function begin(...records: readonly LogRecord[]): Promise<void> {
  const session = await openJob(begun);
  if (records.length > 0) await session.log.append(records);
  session.close();
}

/** Resumes the job, and gives the names of its completed tasks. */
async function resume(changes: Partial<ResumedJob> = {}): Promise<string[]> {
  const session = await openJob({ ...resumed, ...changes });
  session.close();
  const { completed = [] } = session.resumed ?? {};
  return completed.map(({ phase, task }) => `${phase} ${task}`);
}

const MISMATCH = { code: "RESUME_MISMATCH" };

describe("a job that is resumed", () => {
  it("F4 has the options of the one that began, which need not be given", async () => {
    await begin();
    const session = await openJob(resumed);
    const { reduces, skipBadRecords, inputs } = begun;
    expect(session.spec).toMatchObject({ reduces, skipBadRecords, inputs });
    session.close();
    expect(await resume({ reduces: 2, skipBadRecords: false, inputs })).toEqual([]);
  });

  it.each<[string, Partial<ResumedJob>]>([
    ["another number of reduce tasks", { reduces: 3 }],
    ["other rules for bad records", { skipBadRecords: true }],
    ["another limit of bad records", { maxBadRecords: 3 }],
    ["other inputs", { inputs: [{ url: "b.txt", size: 1, version: "1" }] }],
    ["no inputs", { inputs: [] }],
    ["inputs in another directory", { inputDirectory: "/elsewhere" }],
  ])("F4 is refused with %s, and can be resumed as it was", async (_, changes) => {
    await begin();
    await expect(resume(changes)).rejects.toMatchObject(MISMATCH);
    // Neither the lock nor the log is held on to.
    expect(await resume()).toEqual([]);
  });

  it.each<[string, () => void]>([
    ["its time", () => utimesSync(input, 1, 1)],
    [
      "its size",
      () => {
        const { atime, mtime } = statSync(input);
        truncateSync(input, 5);
        utimesSync(input, atime, mtime);
      },
    ],
  ])("F45 is refused if an input has changed, even if only %s", async (_, change) => {
    await begin();
    change();
    await expect(resume()).rejects.toMatchObject({ code: "INPUT_CHANGED" });
    // As it is now, the user may name it, and it is still another one.
    const inputs = [await statInput("a.txt", begun.inputDirectory)];
    await expect(resume({ inputs })).rejects.toMatchObject({ code: "INPUT_CHANGED" });
  });

  it.each(["size", "version"] as const)(
    "F45 is refused if the %s of an input is another one",
    async (member) => {
      await begin();
      const [file = { url: "", size: 0, version: "" }] = begun.inputs;
      const changed = { size: file.size + 1, version: `1${file.version}` };
      const inputs = [{ ...file, [member]: changed[member] }];
      await expect(resume({ inputs })).rejects.toMatchObject({ code: "INPUT_CHANGED" });
    },
  );

  it("F45 takes an input that was restored with its time as it is now, and so do its tasks", async () => {
    const time = 1_700_000_000;
    const stat = () => statInput("a.txt", begun.inputDirectory);
    utimesSync(input, time, time);
    const began = await stat();
    begun = { ...begun, inputs: [began] };
    const part = { file: "a.txt", start: 0, end: 11, size: 11 };
    const splitOf = ({ version }: { readonly version: string }) => {
      return { ...part, version, further: [{ ...part, version }] };
    };
    await begin({ type: "plan", app: "wc.ts", digest: DIGEST, splits: [splitOf(began)] });
    writeFileSync(`${input}.new`, "some words\n");
    utimesSync(`${input}.new`, time, time);
    renameSync(`${input}.new`, input);
    const session = await openJob(resumed);
    session.close();
    const now = await stat();
    expect(session.spec.inputs).toEqual([now]);
    expect(session.resumed?.plan?.splits).toEqual([splitOf(now)]);
  });

  it.each([
    ["mr-out", undefined],
    ["mr-out-0", undefined],
    ["mr-out-0", ""],
  ])(
    "F49 is refused if %s is there, and an event log is not (%j) that tells of all results",
    async (name, events) => {
      await begin();
      rmSync(join(directory, JOB_LOG_NAME));
      writeFileSync(join(directory, name), "");
      if (events !== undefined) writeFileSync(join(directory, EVENT_LOG_NAME), events);
      const message = expect.stringMatching(/whether all results are there cannot be checked$/);
      await expect(resume()).rejects.toMatchObject({ code: "RESUME_NOTHING", message });
    },
  );
});

describe("the completed tasks of a job that is resumed", () => {
  const NAMES = ["mr-0-0", "mr-0-1", "mr-out-0"];

  beforeEach(async () => {
    const outputs = NAMES.map((name) => ({ name, bytes: 4, crc32: crc32("text") }));
    const plan = { type: "plan", app: "wc.ts", digest: DIGEST, splits: [] } as const;
    const splits = [{ file: "a.txt", start: 0, end: 11 }];
    const task = { type: "completed", task: 0, attempt: 1 } as const;
    const [maps, results] = [outputs.slice(0, 2), outputs.slice(2)];
    await begin(
      { ...plan, splits },
      { ...task, phase: "map", result: { outputs: maps, counters: {} } },
      { ...task, phase: "reduce", result: { outputs: results, counters: {} } },
    );
    for (const name of NAMES) writeFileSync(join(directory, name), "text");
  });

  it("F4 are not run again", async () => {
    expect(await resume()).toEqual(["map 0", "reduce 0"]);
  });

  it.each<[string, string, string[]]>([
    ["a map output", "mr-0-0", ["reduce 0"]],
    ["the last map output", "mr-0-1", ["reduce 0"]],
    ["a result", "mr-out-0", ["map 0"]],
  ])("F9 F49 are run again if %s has vanished or is cut", async (_, name, left) => {
    truncateSync(join(directory, name), 3);
    expect(await resume()).toEqual(left);
    rmSync(join(directory, name));
    expect(await resume()).toEqual(left);
  });

  it("F49 are run again if a result was changed; readers find out that a map output was", async () => {
    for (const name of NAMES) writeFileSync(join(directory, name), "TEXT");
    expect(await resume()).toEqual(["map 0"]);
  });

  it("are forgotten by a new job, with their files", async () => {
    await begin();
    expect(await resume()).toEqual([]);
    for (const name of NAMES) expect(() => readFileSync(join(directory, name))).toThrow("ENOENT");
  });
});

describe("the settings of a job that is resumed", () => {
  const NAME = "TSMR_TEST_LANGUAGE";
  const PLAN = { type: "plan", app: "wc.ts", splits: [] } as const;

  beforeEach(() => {
    delete process.env[NAME];
  });

  it("F33 are those that it began with, if they are not set to others", async () => {
    await begin({ ...PLAN, digest: DIGEST, settings: { [NAME]: "en", UNSET: null } });
    expect(settingsToResume(directory, DIGEST)).toEqual({ [NAME]: "en" });
    process.env[NAME] = "en";
    expect(settingsToResume(directory, DIGEST)).toEqual({ [NAME]: "en" });
    process.env[NAME] = "de";
    const mismatch = expect.objectContaining(MISMATCH);
    expect(() => settingsToResume(directory, DIGEST)).toThrow(mismatch);
  });

  it("F33 are refused to another app", async () => {
    await begin({ ...PLAN, digest: DIGEST, settings: {} });
    expect(() => settingsToResume(directory, "e".repeat(64))).toThrow(
      expect.objectContaining(MISMATCH),
    );
  });

  it("are none if it had not handed out a task", async () => {
    await begin();
    expect(settingsToResume(directory, DIGEST)).toEqual({});
  });
});
