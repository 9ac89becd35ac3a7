// Tests src/main: what an app prints and leaves open in a process that runs it itself.

import { closeSync, openSync, writeSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { startScript } from "../support/processes.ts";
import { newFolder } from "../support/tsmr.ts";

const TALKATIVE = `
console.log("loaded");
export function map(_file: string, text: string) {
  console.log("debug", text);
  process.stdout.write("{raw}");
  return text.split(" ").map((key) => ({ key, value: "1" }));
}
export function reduce(_key: string, values: string[]) {
  console.info("reduce");
  return String(values.length);
}`;
const PRINTED = "loaded\ndebug x y x\n{raw}reduce\nreduce\n";
const RESULT = "x 2\ny 1\n";

/** It writes to standard output in all ways that pass by `process.stdout`. */
const LOW_LEVEL = `
import { spawnSync } from "node:child_process";
import { writeSync } from "node:fs";
export function map(_file: string, text: string) {
  writeSync(1, "FD1\\n");
  spawnSync("echo", ["CHILD"], { stdio: "inherit" });
  // END
  return text.split(" ").map((key) => ({ key, value: "1" }));
}
export const reduce = (_key: string, values: string[]) => String(values.length);`;

const WITH_TIMER = `
setInterval(() => undefined, 1000);
export const map = (_file: string, text: string) =>
  text.split(" ").map((key) => ({ key, value: "1" }));
export function reduce(key: string, values: string[]) {
  if (process.env["FAULT"] === key) throw new Error("boom");
  return String(values.length);
}`;

describe("an app that prints", { concurrent: true }, () => {
  it("F53 does so on standard error, and results alone are on standard output", async (context) => {
    const folder = newFolder(context);
    folder.write("app.ts", TALKATIVE);
    for (const out of ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"]) {
      const ended = await folder.tsmr("sequential", "app.ts", "a", "--out", out).ended;
      expect([ended.stdout, ended.stderr, ended.code]).toEqual([RESULT, PRINTED, 0]);
    }
    const ended = await folder.tsmr("sequential", "app.ts", "a", "--out", "seq").ended;
    expect([ended.stdout, ended.stderr, ended.code]).toEqual(["", PRINTED, 0]);
    expect(folder.text("seq")).toBe(RESULT);
  });

  it("F53 does so on standard error too by its descriptor and from another process", async (context) => {
    const folder = newFolder(context);
    folder.write("app.ts", LOW_LEVEL);
    const args = ["app.ts", "a", "--max-bad-records", "5%", "--out"];
    for (const out of ["/dev/stdout", "/dev/fd/1"]) {
      const ended = await folder.tsmr("sequential", ...args, out).ended;
      expect([ended.stdout, ended.code]).toEqual([RESULT, 0]);
      expect(ended.stderr).toBe("FD1\nCHILD\n");
    }
    const file = openSync(folder.path("log"), "w");
    const command = ["sequential", ...args, "/dev/stdout"];
    const options = { cwd: folder.directory, stdout: file };
    expect((await startScript("src/main/tsmr.ts", command, options).ended).code).toBe(0);
    closeSync(file);
    expect(folder.text("log")).toBe(RESULT);
  });

  it("is told apart from results of many megabytes in a pipe whose reader is slow", async (context) => {
    const folder = newFolder(context);
    folder.write("a", "x".repeat(3_000_000));
    const args = ["sequential", "app.ts", "a", "--out", "/dev/stdout"];
    const { stdout, code } = await folder.tsmr(...args).ended;
    expect([stdout.length, code]).toEqual([3_000_003, 0]);
  });

  it("ends as the app ends it", async (context) => {
    const folder = newFolder(context);
    folder.write("app.ts", LOW_LEVEL.replace("// END", "process.kill(process.pid, 'SIGKILL');"));
    const killed = await folder.tsmr("sequential", "app.ts", "a", "--out", "/dev/stdout").ended;
    expect([killed.stdout, killed.code]).toEqual(["", 137]);
    expect(killed.stderr).toContain("tsmr: The app was ended by SIGKILL\n");
    folder.write("app.ts", LOW_LEVEL.replace("// END", "throw new Error('boom');"));
    const failed = await folder.tsmr("sequential", "app.ts", "a", "--out", "/dev/stdout").ended;
    expect([failed.stdout, failed.code]).toEqual(["", 1]);
    expect(failed.stderr).toMatch(/tsmr: map failed on input "a": boom\n$/);
  });

  it("follows what is in the file of standard output already", async (context) => {
    const folder = newFolder(context);
    // Without O_APPEND, as a shell opens the file of `>`.
    const stdout = openSync(folder.path("log"), "w");
    writeSync(stdout, "before\n");
    const args = ["sequential", "app.ts", "a", "--out", "/dev/stdout"];
    const { code } = await startScript("src/main/tsmr.ts", args, { cwd: folder.directory, stdout })
      .ended;
    writeSync(stdout, "after\n");
    closeSync(stdout);
    expect(code).toBe(0);
    expect(folder.text("log")).toBe(`before\n${RESULT}after\n`);
  });
});

describe("an app that leaves a timer running", { concurrent: true }, () => {
  it("F53 does not keep a sequential run, whether it succeeds or fails", async (context) => {
    const folder = newFolder(context);
    folder.write("app.ts", WITH_TIMER);
    for (const [script, args, out] of [
      ["tsmr", ["sequential"], "mr-out-0"],
      ["mrsequential", [], "mr-out-0"],
    ] as const) {
      const options = { cwd: folder.directory };
      const start = (env: Record<string, string>) =>
        startScript(`src/main/${script}.ts`, [...args, "app.ts", "a"], { ...options, env }).ended;
      expect(await start({})).toMatchObject({ code: 0, stderr: "" });
      expect(folder.text(out)).toBe(RESULT);
      const failed = await start({ FAULT: "x" });
      expect([failed.code, failed.stderr]).toEqual([
        1,
        `${script}: reduce failed on key "x": boom\n`,
      ]);
    }
  });

  it("F53 does not keep a worker of the lab", async (context) => {
    const folder = newFolder(context);
    folder.write("app.ts", WITH_TIMER);
    const options = { cwd: folder.directory };
    const coordinator = startScript("src/main/mrcoordinator.ts", ["a", "b"], options);
    const worker = startScript("src/main/mrworker.ts", ["app.ts"], options);
    const ended = await worker.ended;
    expect([ended.code, ended.signal]).toEqual([0, null]);
    expect((await coordinator.ended).code).toBe(0);
  });
});
