// Tests --max-bad-records: a job nearly all of whose records are unusable fails.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { JobFailedError } from "../../src/mr/base/errors.ts";
import { type RunJobOptions, runJob } from "../../src/mr/engines/run-job.ts";
import type { JobEvent } from "../../src/mr/job/events.ts";
import { expectOneLine } from "../support/one-line.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { Folder } from "../support/tsmr.ts";

const INDEX = JSON.stringify(new URL("../../src/mr/index.ts", import.meta.url).pathname);

/**
 * Adds up the numbers in JSON lines. A record without one is bad, and one with 13 makes it throw; it can't reduce keys
 * that begin with "worse". It calls `badRecord` twice, and for 13 too.
 */
const APP = `
  import { existsSync } from "node:fs";
  import { defineApp, jsonLines, sum } from ${INDEX};
  export default defineApp({
    input: jsonLines(),
    async map({ key, value }, emit, context) {
      if (value === "waits") await null;
      if (typeof value !== "number" || value === 13) {
        context.badRecord("no-values", 'it has no number "value"');
        context.badRecord("no-values", "it is bad again");
        context.badRecord("others");
        if (value === 13) throw new RangeError("no luck");
        return;
      }
      emit(key, value);
    },
    combine: sum,
    reduce(key, values) {
      if (key.startsWith("worse")) throw new Error("cannot stand this key");
      if (key === "later" && !existsSync("HOME/repaired")) process.exit(1);
      return sum.of(values);
    },
  });
`;

const ENGINES = ["local", "sequential"] as const;
const good = (key: string) => JSON.stringify({ key, value: 1 });
const bad = (key: string, value?: unknown) => JSON.stringify({ key, valeu: 1, value });
const times = (count: number, line: string) => Array.from({ length: count }, () => line);

let home: string;
let options: RunJobOptions;
beforeEach(() => {
  home = temporaryDirectory();
  writeFileSync(join(home, "app.ts"), APP.replaceAll("HOME", home));
  options = { app: join(home, "app.ts"), inputs: [], workers: 1, reduces: 2, attempts: 2 };
});

function write(name: string, lines: readonly string[]): string {
  const path = join(home, name);
  writeFileSync(path, lines.map((line) => `${line}\n`).join(""));
  return path;
}

/** Runs a job with each engine. @returns the error, which must be the same, or undefined if the job is complete */
async function runAll(given: Partial<RunJobOptions>): Promise<JobFailedError | undefined> {
  const errors: unknown[] = [];
  const outputs: string[] = [];
  for (const engine of ENGINES) {
    const out = mkdtempSync(join(home, `out-${engine}-`));
    const run = await runJob({ ...options, ...given, engine, out }).catch((error: unknown) => {
      // No result and nothing to resume: only the event log may be there.
      expect(readdirSync(out).filter((name) => name !== ".mr-events")).toEqual([]);
      return error;
    });
    errors.push(run instanceof Error ? run : undefined);
    if (!(run instanceof Error)) {
      const { outputs: paths } = run as Awaited<ReturnType<typeof runJob>>;
      outputs.push(paths.map((path) => readFileSync(path, "utf8")).join());
    }
  }
  expect(errors[0] === undefined).toBe(errors[1] === undefined);
  expect(outputs[0]).toBe(outputs[1]);
  const [local, sequential] = errors as (JobFailedError | undefined)[];
  expect(sequential?.message).toBe(local?.message);
  expect(sequential?.code).toBe(local?.code);
  if (local !== undefined) expect(local).toBeInstanceOf(JobFailedError);
  return local;
}

describe("a job of whose records nearly all are unusable", { timeout: 300_000 }, () => {
  it("F57 fails with how many of how many, the counter, the file and the first of them", async () => {
    const inputs = [write("a.jsonl", times(3, bad("a"))), write("b.jsonl", times(9, bad("b")))];
    const error = await runAll({ inputs });
    expect(error).toMatchObject({ code: "TOO_MANY_BAD_RECORDS" });
    expect(error?.message).toBe(
      `The job failed: 12 of 12 records can't be used (no-values: 12), and --max-bad-records allows 90%. ` +
        `The first is byte 0 of "${inputs[0]}": it has no number "value"`,
    );
  });

  it("F57 is complete if a tenth of them is usable, or as many as it allows", async () => {
    const nine = [...times(9, bad("b")), good("a")];
    const inputs = [write("a.jsonl", nine)];
    expect(await runAll({ inputs })).toBeUndefined();
    expect(await runAll({ inputs, maxBadRecords: 9 })).toBeUndefined();
    expect((await runAll({ inputs, maxBadRecords: 8 }))?.code).toBe("TOO_MANY_BAD_RECORDS");
    expect((await runAll({ inputs, maxBadRecords: "89.9%" }))?.code).toBe("TOO_MANY_BAD_RECORDS");
    const ten = [write("b.jsonl", [bad("b"), ...nine])];
    for (const splitBytes of [20, 1000]) {
      const error = await runAll({ inputs: ten, splitBytes });
      expect(error?.message).toContain("10 of 11 records");
    }
    expect(await runAll({ inputs: ten, maxBadRecords: "100%" })).toBeUndefined();
  });

  it("F57 allows none with 0, and is complete without records", async () => {
    const inputs = [write("a.jsonl", [...times(99, good("a")), bad("b", "waits")])];
    const error = await runAll({ inputs, maxBadRecords: 0 });
    expect(error?.message).toContain("1 of 100 records can't be used (no-values: 1)");
    expect(error?.message).toContain("--max-bad-records allows none");
    expect(await runAll({ inputs: [write("b.jsonl", [])], maxBadRecords: 0 })).toBeUndefined();
  });

  it("F57 fails when --skip-bad-records has skipped nearly all, malformed or thrown on", async () => {
    const lines = [...times(6, "{x"), ...times(5, bad("b", 13)), good("a")];
    const inputs = [write("a.jsonl", lines)];
    const error = await runAll({ inputs, skipBadRecords: true });
    expect(error?.message).toBe(
      "The job failed: 11 of 12 records can't be used (no-values: 5, skipped-records: 6), and --max-bad-records " +
        `allows 90%. The first is line 1, column 2 of "${inputs[0]}": unexpected "x" in JSON`,
    );
    expect(await runAll({ inputs, skipBadRecords: true, maxBadRecords: 11 })).toBeUndefined();
  });

  it("F57 fails at its end when nearly all keys were skipped", async () => {
    const keys = Array.from({ length: 11 }, (_, number) => good(`worse ${number + 10}`));
    const inputs = [write("a.jsonl", [...times(500, good("a")), ...keys])];
    const error = await runAll({ inputs, skipBadRecords: true });
    expect(error?.message).toMatch(
      /^The job failed: 11 of 12 keys can't be used \(skipped-records: 11\), .* allows 90%\. The first is key "worse \d+": Error: cannot stand this key$/,
    );
    expect(await runAll({ inputs, skipBadRecords: true, maxBadRecords: "92%" })).toBeUndefined();
    expect(await runAll({ inputs, skipBadRecords: true, maxBadRecords: 11 })).toBeUndefined();
    const both = [write("b.jsonl", [bad("b"), ...keys])];
    const sum = await runAll({ inputs: both, skipBadRecords: true, maxBadRecords: 11 });
    expect(sum?.message).toContain(
      "1 of 12 records and 11 of 11 keys can't be used (no-values: 1, skipped-records: 11)",
    );
  });

  it("F57 keeps its limit and its counts when it is resumed", async () => {
    const inputs = [write("a.jsonl", [...times(8, bad("a")), good("later")])];
    const out = join(home, "out");
    const begun = { ...options, inputs, out, attempts: 1, maxBadRecords: 8, skipBadRecords: true };
    await expect(runJob(begun)).rejects.toMatchObject({ code: "TASK_LOST" });
    const resume = { ...begun, resume: true };
    await expect(runJob({ ...resume, maxBadRecords: 9 })).rejects.toMatchObject({
      code: "RESUME_MISMATCH",
      message: expect.stringContaining("--max-bad-records 8, not with 9"),
    });
    mkdirSync(join(home, "repaired"));
    // Only the reduce tasks are run, and skip one key more than is allowed.
    writeFileSync(join(home, "repaired", "x"), "");
    const { maxBadRecords: _, ...rest } = resume;
    const { counters } = await runJob(rest);
    expect(counters).toEqual({ "no-values": 8 });
  });

  it("F57 fails in the same way when it is resumed", async () => {
    const lines = [...times(8, bad("a")), good("later"), good("worse")];
    const inputs = [write("a.jsonl", lines)];
    const out = join(home, "out");
    const begun = { ...options, inputs, out, attempts: 1, maxBadRecords: 8, skipBadRecords: true };
    await expect(runJob(begun)).rejects.toMatchObject({ code: "TASK_LOST" });
    mkdirSync(join(home, "repaired"));
    const events: JobEvent[] = [];
    const onEvent = (event: JobEvent) => events.push(event);
    const resumed = runJob({ ...begun, resume: true, onEvent });
    const parts =
      "8 of 10 records and 1 of 2 keys can't be used (no-values: 8, skipped-records: 1)";
    await expect(resumed).rejects.toMatchObject({
      code: "TOO_MANY_BAD_RECORDS",
      message: expect.stringContaining(parts),
    });
    expect(events.some(({ type }) => type === "taskRestored")).toBe(true);
    expect(readdirSync(out)).toEqual([".mr-events"]);
  });

  it("refuses limits that have no meaning", async () => {
    for (const maxBadRecords of [-1, 5.5, "5", "101%", "abc", "", null]) {
      await expect(runJob({ ...options, maxBadRecords } as RunJobOptions)).rejects.toMatchObject({
        code: "USAGE",
      });
    }
  });
});

describe("the commands", { timeout: 300_000 }, () => {
  let folder: Folder;
  beforeEach(() => {
    folder = new Folder();
  });
  afterEach(() => folder.end());

  const SALES = [
    '{"country":"no","amount":1}\n',
    '{"country":"no","amount":2}\n',
    '{"country":"de","amount":3}\n',
  ].join("");
  const SETTINGS = { GROUP_BY: "country", GROUP_BY_FIELD: "amuont" };

  it("F57 end with exit code 1, the reason, and no hint at --resume", async () => {
    folder.write("sales.jsonl", SALES);
    const reason =
      `3 of 3 records can't be used (left-out-records: 3), and --max-bad-records allows 90%. ` +
      `The first is byte 0 of "sales.jsonl": it has no number "amuont"\n`;
    const args = ["run", "group_by", "sales.jsonl", "--quiet", "--workers", "1"];
    const run = await folder.tsmrWith(SETTINGS, ...args).ended;
    expect(run).toMatchObject({ code: 1, stderr: `tsmr: The job failed: ${reason}` });
    // The same command with the option is complete: nothing is in its way.
    const allowed = await folder.tsmrWith(SETTINGS, ...args, "--max-bad-records", "3").ended;
    expect(allowed).toMatchObject({ code: 0 });
    const sequential = ["sequential", "group_by", "sales.jsonl"];
    const one = await folder.tsmrWith(SETTINGS, ...sequential).ended;
    expect(one).toMatchObject({ code: 1, stderr: `tsmr: ${reason}` });
    expect(folder.files()).not.toContain("mr-out-0");
    const all = await folder.tsmrWith(SETTINGS, ...sequential, "--max-bad-records", "100%").ended;
    expect(all).toMatchObject({ code: 0 });
  });

  it("F57 of the lab fail in the same way", async () => {
    folder.write("sales.jsonl", SALES);
    folder.write(
      "group.ts",
      `export { default } from ${INDEX.replace("mr/index", "mrapps/group_by")};`,
    );
    const env = SETTINGS;
    const limit = ["--max-bad-records", "2"];
    const coordinator = await folder.ready("sales.jsonl", ...limit);
    const worker = folder.start("src/main/mrworker.ts", ["group.ts"], folder.directory, env);
    expect((await coordinator.ended).stderr).toMatch(
      /3 of 3 records can't be used .* allows 2\. The first is byte 0 of "sales.jsonl"/,
    );
    expect(await coordinator.ended).toMatchObject({ code: 1 });
    expect(await worker.ended).toMatchObject({ code: 1 });
    // Its map tasks are completed, so it fails again at once.
    const resumed = await folder.coordinator("--resume").ended;
    expect(resumed).toMatchObject({ code: 1 });
    expect(resumed.stderr).toContain("3 of 3 records can't be used");
    const args = ["group.ts", "sales.jsonl", ...limit];
    const main = "src/main/mrsequential.ts";
    const sequential = await folder.start(main, args, folder.directory, env).ended;
    expect(sequential).toMatchObject({ code: 1 });
    expect(sequential.stderr).toContain("allows 2. The first is byte 0");
  });

  it("take a whole number or a percentage, and refuse others in one line", async () => {
    const commands = [
      ["src/main/tsmr.ts", "run", "wc", "a"],
      ["src/main/tsmr.ts", "sequential", "wc", "a"],
      ["src/main/mrcoordinator.ts", "a"],
      ["src/main/mrsequential.ts", "wc.ts", "a"],
    ] as const;
    for (const [main, ...args] of commands) {
      for (const value of ["-1", "101%", "abc", "5.5", ""]) {
        const words = [...args, "--max-bad-records", value];
        const ended = await folder.start(main, words).ended;
        expect(ended.code, `${main} ${value}: ${ended.stderr}`).toBe(2);
        expectOneLine(ended, "\\w+", ["--max-bad-records"]);
      }
    }
    expect(folder.files().filter((name) => name.startsWith("mr-"))).toEqual([]);
  });
});
