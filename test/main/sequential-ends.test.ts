// Tests src/main: an app that ends, fails or moves the process in which `tsmr sequential` runs it.

import { closeSync, mkdirSync, openSync, readFileSync, symlinkSync, writeSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { startScript } from "../support/processes.ts";
import { newFolder } from "../support/tsmr.ts";

const RESULT = "x 2\ny 1\n";

/** An app with code in its `map`, in its `reduce` and in its module. */
function appWith(inMap: string, inReduce = "", inModule = ""): string {
  return `
import { spawnSync } from "node:child_process";
import { readFileSync, writeSync } from "node:fs";
import { defineApp, lines, splitText, sum } from "tsmr";
${inModule}
export default defineApp({
  input: lines(),
  map(line, emit) {
    for (const word of String(line).split(" ")) emit(word, 1);
    ${inMap}
  },
  reduce(key, values) {
    ${inReduce}
    return sum.of(values as Iterable<number>);
  },
});`;
}

const ENDED = 'tsmr: Cannot go on with app "app.ts": it ended the process (process.exit)\n';

const REFUSED: readonly [what: string, app: string, stderr: string | RegExp][] = [
  ["ends the process in map", appWith("process.exit(0);"), ENDED],
  ["ends the process in reduce", appWith("", "process.exit(0);"), ENDED],
  ["ends the process while it is loaded", appWith("", "", "process.exit(0);"), ENDED],
  ["ends the process with a code", appWith("process.exit(5);"), ENDED],
  [
    "does not await a promise that fails",
    appWith('Promise.reject(new Error("lost write"));'),
    "tsmr: The app failed: Error: lost write\n",
  ],
  [
    "throws in a timer",
    appWith('setTimeout(() => { throw new Error("late"); }, 1);'),
    "tsmr: The app failed: Error: late\n",
  ],
  [
    "emits in a timer",
    appWith('setTimeout(() => emit("late", 1), 1);'),
    "tsmr: The app failed: Error: emit was called after the map task had ended\n",
  ],
  [
    "waits for a promise that never settles",
    appWith("return new Promise<void>(() => undefined);"),
    'tsmr: Cannot go on with app "app.ts": it waits for a promise that nothing is left to settle\n',
  ],
];

describe("tsmr sequential", { concurrent: true }, () => {
  it.each(REFUSED)("F53 refuses an app that %s", async (_, app, stderr) => {
    const folder = newFolder({ onTestFinished: () => undefined } as never);
    folder.write("app.ts", app);
    for (const out of ["seq", "/dev/stdout"]) {
      const ended = await folder.tsmr("sequential", "app.ts", "a", "--out", out).ended;
      expect([ended.stdout, ended.stderr, ended.code]).toEqual(["", stderr, 1]);
    }
    await folder.end();
  });

  it("F53 writes where --out was when the app changes the directory", async (context) => {
    const folder = newFolder(context);
    mkdirSync(folder.path("other"));
    folder.write(
      "app.ts",
      appWith('if (!process.cwd().endsWith("other")) process.chdir("other");'),
    );
    const ended = await folder.tsmr("sequential", "app.ts", "a", "--out", "seq").ended;
    expect([ended.stderr, ended.code]).toEqual(["", 0]);
    expect(folder.text("seq")).toBe(RESULT);
  });

  it("F53 keeps what an app writes to descriptor 3 out of the result", async (context) => {
    const folder = newFolder(context);
    folder.write("app.ts", appWith('try { writeSync(3, "FD3"); } catch {}'));
    const ended = await folder.tsmr("sequential", "app.ts", "a", "--out", "/dev/stdout").ended;
    expect([ended.stdout, ended.stderr, ended.code]).toEqual([RESULT, "", 0]);
  });
});

describe("a path of standard output", { concurrent: true }, () => {
  it.each([
    ["a link to /dev/stdout", "/dev/stdout", "link"],
    ["a link to /proc/self/fd/1", "/proc/self/fd/1", "link"],
    ["a link to its folder", "/dev", "link/stdout"],
    ["the path of another process", undefined, `/proc/${process.pid}/fd/FD`],
    ["another descriptor", undefined, "/dev/fd/1"],
  ])("is recognized: %s", async (_, target, path) => {
    const folder = newFolder({ onTestFinished: () => undefined } as never);
    if (target !== undefined) symlinkSync(target, folder.path("link"));
    const stdout = openSync(folder.path("log"), "w");
    writeSync(stdout, "before\n");
    const args = ["sequential", "app.ts", "a", "--out", path.replace("FD", String(stdout))];
    const options = { cwd: folder.directory, stdout };
    const { stderr, code } = await startScript("src/main/tsmr.ts", args, options).ended;
    writeSync(stdout, "after\n");
    closeSync(stdout);
    expect([stderr, code]).toEqual(["", 0]);
    expect(readFileSync(folder.path("log"), "utf8")).toBe(`before\n${RESULT}after\n`);
    await folder.end();
  });
});
