// Tests --skip-bad-records: the list of skipped records.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { type RunJobOptions, runJob } from "../../src/mr/engines/run-job.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const INDEX = JSON.stringify(new URL("../../src/mr/index.ts", import.meta.url).pathname);

/** Adds up the numbers in JSON lines; cannot stand 13, nor the key "worse" until it is repaired. */
const APP = `
  import { existsSync, mkdirSync } from "node:fs";
  import { defineApp, jsonLines, sum } from ${INDEX};
  function first(name) {
    try { mkdirSync("HOME/" + name); return true; } catch { return false; }
  }
  export default defineApp({
    input: jsonLines(),
    map({ key, value }, emit) {
      if (value === 13) throw new RangeError("no luck");
      if (value === 99 && first("died")) process.exit(1);
      emit(key, value);
    },
    combine: sum,
    reduce(key, values) {
      if (key === "worse") throw new Error("cannot stand this key");
      if (key === "later" && !existsSync("HOME/repaired")) process.exit(1);
      return sum.of(values);
    },
  });
`;

let home: string;
let options: RunJobOptions;
let log: string[];
beforeEach(() => {
  home = temporaryDirectory();
  writeFileSync(join(home, "app.ts"), APP.replaceAll("HOME", home));
  log = [];
  const base = { workers: 1, reduces: 1, attempts: 1, skipBadRecords: true };
  const paths = {
    app: join(home, "app.ts"),
    inputs: [join(home, "in.jsonl")],
    out: join(home, "out"),
  };
  options = { ...base, ...paths, log: (line) => log.push(line) };
});

function writeInput(lines: readonly string[], name = "in.jsonl"): string {
  const path = join(home, name);
  writeFileSync(path, lines.map((line) => `${line}\n`).join(""));
  return path;
}

function pair(key: string, value: number): string {
  return JSON.stringify({ key, value });
}

describe("records that are skipped", { timeout: 300_000 }, () => {
  it("F22 are listed with file, place and reason, in whatever part of a file they are", async () => {
    const lines = [pair("a", 1), "{x", pair("worse", 1), pair("a", 2), pair("a", 13), "", "nope"];
    const file = writeInput(lines);
    const unlucky = `${lines.slice(0, 4).join("\n")}\n`.length;
    for (const splitBytes of [1000, 20]) {
      log.length = 0;
      const out = join(home, `out-${splitBytes}`);
      const { skipped, counters, outputs } = await runJob({ ...options, splitBytes, out });
      expect(outputs.map((path) => readFileSync(path, "utf8"))).toEqual(["a 3\n"]);
      expect(skipped).toEqual([
        { file, place: "line 2, column 2", reason: 'unexpected "x" in JSON' },
        { file, place: `byte ${unlucky}`, reason: "RangeError: no luck" },
        { file, place: "line 7, column 1", reason: 'unexpected "n" in JSON' },
        { place: 'key "worse"', reason: "Error: cannot stand this key" },
      ]);
      expect(counters).toMatchObject({ "skipped-records": 4 });
      expect(log).toContain(`Skipped record: ${file} line 2, column 2: unexpected "x" in JSON`);
      expect(log).toContain('Skipped record: key "worse": Error: cannot stand this key');
      expect(log).toContain("Bad records skipped: 4");
    }
  });

  it("F22 are listed up to a hundred a task and a thousand a job, and counted all", async () => {
    const inputs = Array.from({ length: 12 }, (_, index) => {
      return writeInput(
        Array.from({ length: 120 }, () => "!"),
        `in-${index}.jsonl`,
      );
    });
    const all = { ...options, inputs, splitBytes: 1000, maxBadRecords: "100%" } as const;
    const { skipped, counters } = await runJob(all);
    expect(skipped).toHaveLength(1000);
    expect(skipped.filter(({ file }) => file === inputs[0])).toHaveLength(100);
    expect(counters).toMatchObject({ "skipped-records": 1440 });
    expect(log.filter((line) => line.startsWith("Skipped record: "))).toHaveLength(1000);
    expect(log).toContain("Bad records skipped: 1440, 1000 of them listed above");
  });

  it("F22 are those of attempts that count, once, and of tasks run before a resumption", async () => {
    const file = writeInput(["!", pair("a", 99), pair("later", 1)]);
    const failing = { ...options, attempts: 2 };
    await expect(runJob(failing)).rejects.toMatchObject({ code: "TASK_LOST" });
    const listed = `Skipped record: ${file} line 1, column 1: unexpected "!" in JSON`;
    // The first attempt died after it had skipped the record, and the second was the one that counts.
    expect(log.filter((line) => line === listed)).toHaveLength(1);
    mkdirSync(join(home, "repaired"));
    const { skipped, counters } = await runJob({ ...failing, resume: true });
    expect(skipped).toEqual([
      { file, place: "line 1, column 1", reason: 'unexpected "!" in JSON' },
    ]);
    expect(counters).toMatchObject({ "skipped-records": 1 });
    // They were listed before.
    expect(log.filter((line) => line === listed)).toHaveLength(1);
    expect(log).toContain("Bad records skipped: 1, 0 of them listed above");
  });
});
