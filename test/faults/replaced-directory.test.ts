// Tests directories that another one replaces after a job has locked them: the files of the other one stay as they are.

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { lockDirectory } from "../../src/mr/control/log/directory-lock.ts";
import { runJob } from "../../src/mr/engines/run-job.ts";
import { sealEventLog } from "../../src/mr/watch/history/event-log.ts";
import { startScript } from "../support/processes.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

let home: string;
beforeEach(() => {
  home = temporaryDirectory();
  writeFileSync(join(home, "in.txt"), "a b c d e f\n");
});

/** What a directory has: its files by name. */
function filesIn(name: string): Record<string, string> {
  const path = join(home, name);
  return Object.fromEntries(
    readdirSync(path)
      .filter((file) => !file.startsWith(".mr-lock"))
      .map((file) => [file, readFileSync(join(path, file), "latin1")]),
  );
}

/**
 * Runs a command that puts directory "other" in the place of "out", and "out" aside, once it is about to call a
 * function of `node:fs` with a certain file.
 */
async function runWithSwap(
  [script = "", ...args]: readonly string[],
  { owner = "fs", call, file }: { owner?: "fs" | "fs.promises"; call: string; file: RegExp },
) {
  const preload = join(home, "swap.cjs");
  const [out, moved, other] = ["out", "moved", "other"].map((name) => join(home, name));
  writeFileSync(
    preload,
    `const fs = require("node:fs"), { basename } = require("node:path");
    const { existsSync, renameSync } = fs;
    const call = ${owner}.${call};
    ${owner}.${call} = (path, ...rest) => {
      if (${file}.test(basename(String(path))) && !existsSync(${JSON.stringify(moved)})) {
        renameSync(${JSON.stringify(out)}, ${JSON.stringify(moved)});
        renameSync(${JSON.stringify(other)}, ${JSON.stringify(out)});
      }
      return call(path, ...rest);
    };
    require("node:module").syncBuiltinESMExports();`,
  );
  const env = { NODE_OPTIONS: `--require ${preload}` };
  return await startScript(`src/main/${script}`, args, { cwd: home, env }).ended;
}

const MERGING = ["tsmr.ts", "run", "wc", "in.txt", "--out", "out", "--reduces", "3", "--merge"];

describe("F61 a directory that is replaced while its results are merged", {
  timeout: 120_000,
}, () => {
  beforeEach(async () => {
    const inputs = [join(home, "in.txt")];
    await runJob({ app: "wc", inputs, out: join(home, "other"), reduces: 3, workers: 1 });
  });

  it.each([
    ["before the merged file is written", { call: "openSync", file: /^\.mr-out\.merge/ }],
    ["before the merged file gets its name", { call: "renameSync", file: /^\.mr-out\.merge/ }],
    [
      "before the first result is removed",
      { owner: "fs.promises", call: "rm", file: /^mr-out-0$/ },
    ],
    ["before the last result is removed", { owner: "fs.promises", call: "rm", file: /^mr-out-2$/ }],
  ] as const)("F61 fails by name, and leaves the other one alone (%s)", async (_, when) => {
    const before = filesIn("other");
    const { code, stderr } = await runWithSwap([...MERGING, "--workers", "1"], when);
    expect(stderr).toContain(`"${join(home, "out")}": it was removed or replaced`);
    expect(stderr).not.toContain("Done");
    expect(code).toBe(1);
    expect(filesIn("out")).toEqual(before);
    expect(readdirSync(join(home, "moved")).filter((name) => /^mr-out/.test(name))).not.toEqual([]);
    expect(readdirSync(join(home, "moved")).filter((name) => /tmp$/.test(name))).toEqual([]);
  });
});

it("F61 an event is never written into a directory that has taken the place of the locked one", async () => {
  const out = join(home, "out");
  mkdirSync(out);
  const lock = await lockDirectory(out);
  rmSync(out, { recursive: true });
  mkdirSync(out);
  sealEventLog(lock.directory, { type: "outputMerged", bytes: 1, crc32: 1 });
  lock.unlock();
  expect(readdirSync(out)).toEqual([]);
});

describe("F61 a directory that is replaced while a sequential command runs", {
  timeout: 120_000,
}, () => {
  beforeEach(() => {
    mkdirSync(join(home, "out"));
    mkdirSync(join(home, "other"));
  });

  it.each(["counts", "mr-out"])("F61 fails it by name (--out %s)", async (name) => {
    writeFileSync(
      join(home, "app.ts"),
      `import { renameSync } from "node:fs";
      export function map(_file: string, text: string) {
        renameSync("out", "moved");
        renameSync("other", "out");
        return text.split(" ").map((key) => ({ key, value: "" }));
      }
      export const reduce = () => "1";`,
    );
    const args = ["sequential", "app.ts", "in.txt", "--out", `out/${name}`];
    const { code, stderr } = await startScript("src/main/tsmr.ts", args, { cwd: home }).ended;
    expect(stderr).toContain(`"${join(home, "out")}": it was removed or replaced`);
    expect(code).toBe(1);
    expect(filesIn("out")).toEqual({});
    expect(filesIn("moved")).toEqual({});
  });

  it("F61 fails it by name when its result is about to get its name", async () => {
    const args = ["tsmr.ts", "sequential", "wc", "in.txt", "--out", "out/counts"];
    const { code, stderr } = await runWithSwap(args, { call: "renameSync", file: /^\.counts/ });
    expect(stderr).toContain(`"${join(home, "out")}": it was removed or replaced`);
    expect(code).toBe(1);
    expect(filesIn("out")).toEqual({});
  });
});
