// Tests the packed package: contents, exports, types and commands.

import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { socketPathOf } from "../../src/mr/base/socket-path.ts";
import { sleep } from "../support/job.ts";
import { InstalledPackage, outputLines, run } from "./installed-package.ts";

/** Everything here starts several processes after one another. */
const PATIENCE = { timeout: 300_000 };

const APP = `
import { ByteSlice, defineApp, lines, sum, words } from "tsmr";

export default defineApp({
  input: lines(),
  map(line, emit) {
    for (const word of words(line)) emit(word, 1);
    // Refused by any other copy of the library than the one this slice is of.
    emit(new ByteSlice(Buffer.from("lines")), 1);
  },
  combine: sum,
  reduce: (_word, counts) => sum.of(counts),
});
`;
const TSC = "node_modules/typescript/bin/tsc";
const EXPECTED = ["cat 1", "lines 2", "the 2", "tree 1"];

const tsmr = new InstalledPackage();
let project: string;
beforeAll(async () => {
  await tsmr.pack();
  project = await tsmr.project("project", ["@types/node", "tsx", "typescript"]);
  writeFileSync(join(project, "app.ts"), APP);
  writeFileSync(join(project, "in.txt"), "the cat\nthe tree\n");
}, PATIENCE.timeout);

/** Runs a command of the package as npm's links start it. */
const command = (name: string, args: readonly string[], cwd = project) =>
  run(join(project, "node_modules/.bin", name), args, cwd);

/** Runs a file of the project. */
function script(name: string, text: string, before: readonly string[] = []) {
  writeFileSync(join(project, name), text);
  return run(process.execPath, [...before, name], project);
}

describe("the packed package", PATIENCE, () => {
  it("holds the build, the documentation, and nothing of how it was made", () => {
    const installed = join(project, "node_modules/tsmr");
    expect(readdirSync(installed).sort()).toEqual([
      "ARCHITECTURE.md",
      "CHANGELOG.md",
      "CONTRIBUTING.md",
      "LICENSE",
      "README.md",
      "dist",
      "docs",
      "package.json",
      "src",
    ]);
    const files = readdirSync(installed, { recursive: true, encoding: "utf8" });
    expect(files.filter((file) => /\.map$|\.test\.|\/assembly\/|tsconfig/.test(file))).toEqual([]);
    // The apps are there compiled, and as sources to read.
    for (const file of ["wc.js", "wc.ts"]) expect(files).toContain(join("dist/mrapps", file));
  });

  it("keeps everything but its public modules to itself", async () => {
    const { stdout, stderr } = await script(
      "closed.mjs",
      `const names = ["tsmr", "tsmr/testing", "tsmr/package.json", "tsmr/dist/mr/index.js"];
       for (const name of names) {
         const attributes = name.endsWith(".json") ? { with: { type: "json" } } : {};
         await import(name, attributes).then(
           (module) => console.log(name, Object.keys(module).length > 0),
           ({ code }) => console.log(name, code),
         );
       }`,
    );
    // Node 20 warns of importing JSON.
    expect(stderr.replace(/^.*(ExperimentalWarning|--trace-warnings).*\n/gm, "")).toBe("");
    expect(stdout.trim().split("\n")).toEqual([
      "tsmr true",
      "tsmr/testing true",
      "tsmr/package.json true",
      "tsmr/dist/mr/index.js ERR_PACKAGE_PATH_NOT_EXPORTED",
    ]);
  });

  it("can be required by CommonJS", async () => {
    const { stdout } = await script("old.cjs", `console.log(typeof require("tsmr").runJob)`);
    expect(stdout).toBe("function\n");
  });
});

describe("the installed commands", PATIENCE, () => {
  it("run an app of the project, which shares the library with them", async () => {
    const { code, stderr } = await command("tsmr", ["run", "app.ts", "in.txt", "--out", "counts"]);
    expect(stderr).not.toMatch(/warn/i);
    expect(code).toBe(0);
    expect(outputLines(join(project, "counts"))).toEqual(EXPECTED);
  });

  it("run an app written as CommonJS, which shares the library with them as well", async () => {
    const text = APP.replace(/^import (.*) from "tsmr"/m, 'const $1 = require("tsmr")');
    writeFileSync(join(project, "app.cjs"), text.replace("export default", "module.exports ="));
    const { code } = await command("tsmr", ["run", "app.cjs", "in.txt", "--out", "common"]);
    expect(code).toBe(0);
    expect(outputLines(join(project, "common"))).toEqual(EXPECTED);
  });

  it("find the shipped apps by name, with extension or without", async () => {
    for (const [name, out] of [
      ["wc", "by-name"],
      ["wc.ts", "by-file"],
    ] as const) {
      const { code } = await command("tsmr", ["run", name, "in.txt", "--out", out, "--quiet"]);
      expect(code).toBe(0);
      expect(outputLines(join(project, out))).toEqual(["cat 1", "the 2", "tree 1"]);
      // What its log, its report and the dashboard call it.
      expect(readFileSync(join(project, out, ".mr-events"), "utf8")).toContain('"app":"wc"');
    }
  });

  it("run a copy of a shipped app's source as it is", async () => {
    const source = join(project, "node_modules/tsmr/dist/mrapps/indexer.ts");
    cpSync(source, join(project, "my-indexer.ts"));
    const mine = await command("tsmr", ["run", "my-indexer.ts", "in.txt", "--out", "mine"]);
    expect(mine.code).toBe(0);
    await command("tsmr", ["run", "indexer", "in.txt", "--out", "theirs"]);
    expect(outputLines(join(project, "mine"))).toEqual(outputLines(join(project, "theirs")));
  });

  it("scaffold an app that runs, whose test passes and whose types are right", async () => {
    const fresh = await tsmr.project("fresh", ["@types/node", "tsx", "typescript"]);
    expect((await command("tsmr", ["init", "my-words"], fresh)).code).toBe(0);
    writeFileSync(join(fresh, "in.txt"), "the cat\nthe tree\n");
    const { code } = await command("tsmr", ["run", "./my-words.ts", "in.txt"], fresh);
    expect(code).toBe(0);
    expect(outputLines(join(fresh, "mr-out"))).toEqual(["cat 1", "the 2", "tree 1"]);
    const test = ["--import", "tsx", "--test", "my-words.test.ts"];
    const tested = await run(process.execPath, test, fresh);
    expect({ code: tested.code, stdout: tested.stdout }).toMatchObject({ code: 0 });
    expect((await run(process.execPath, [TSC], fresh)).stdout).toBe("");
    // A tsconfig.json that was there before may say something else, as that of `tsc --init` does.
    const tsc = [TSC, "--ignoreConfig", "--strict", "--noEmit", "--verbatimModuleSyntax"];
    for (const module of ["nodenext", "preserve"]) {
      const flags = ["--target", "es2023", "--module", module, "--types", "node"];
      const checked = await run(process.execPath, [...tsc, ...flags, "my-words.test.ts"], fresh);
      expect(checked.stdout).toBe("");
    }
  });

  it("check the types of a scaffolded app before they run it", async () => {
    const fresh = await tsmr.project("typed", ["@types/node", "typescript"]);
    rmSync(join(fresh, "package.json"));
    expect((await command("tsmr", ["init", "my-words"], fresh)).code).toBe(0);
    writeFileSync(join(fresh, "in.txt"), "the cat\nthe tree\n");
    const run = ["run", "./my-words.ts", "in.txt", "-q"];
    expect(await command("tsmr", run, fresh)).toEqual({ code: 0, stdout: "", stderr: "" });
    const text = readFileSync(join(fresh, "my-words.ts"), "utf8");
    writeFileSync(join(fresh, "my-words.ts"), text.replace("emit(word, 1)", 'emit(word, "1")'));
    const { code, stderr } = await command("tsmr", [...run, "--out", "out"], fresh);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^tsmr: my-words\.ts:12:\d+: error TS2345: .*'string'.*\n$/);
    expect(existsSync(join(fresh, "out"))).toBe(false);
  });

  it("serve an app where nothing is installed, as a global installation does", async () => {
    const folder = tsmr.folder("elsewhere");
    writeFileSync(join(folder, "app.ts"), APP);
    writeFileSync(join(folder, "in.txt"), "the cat\nthe tree\n");
    const { code, stderr } = await command("tsmr", ["run", "app.ts", "in.txt"], folder);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(outputLines(join(folder, "mr-out"))).toEqual(EXPECTED);
  });

  it("serve an app of a project that has a copy of its own", async () => {
    const other = await tsmr.project("other");
    writeFileSync(join(other, "app.ts"), APP);
    writeFileSync(join(other, "in.txt"), "the cat\nthe tree\n");
    const { code, stderr } = await command("tsmr", ["run", "app.ts", "in.txt"], other);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(outputLines(join(other, "mr-out"))).toEqual(EXPECTED);
  });

  it("are those of the lab as well", async () => {
    const folder = tsmr.folder("lab");
    writeFileSync(join(folder, "in.txt"), "the cat\nthe tree\n");
    const coordinating = command("mrcoordinator", ["in.txt"], folder);
    // On a busy machine it may take longer to start than a worker would wait for it.
    while (!existsSync(socketPathOf(folder))) await sleep(20);
    const worker = await command("mrworker", ["wc.ts"], folder);
    const coordinator = await coordinating;
    expect([coordinator.code, worker.code]).toEqual([0, 0]);
    const parallel = outputLines(folder);
    const oracle = tsmr.folder("oracle");
    cpSync(join(folder, "in.txt"), join(oracle, "in.txt"));
    expect((await command("mrsequential", ["wc.ts", "in.txt"], oracle)).code).toBe(0);
    expect(parallel).toEqual(outputLines(oracle));
  });
});

const RUN = `
import { runJob } from "tsmr";

const { outputs, counters } = await runJob({
  app: "./app.ts",
  inputs: ["in.txt"],
  out: process.argv[2] ?? "out-of-run",
  workers: 2,
  reduces: 3,
});
console.log(outputs.length, JSON.stringify(counters));
`;

describe("the installed library", PATIENCE, () => {
  it("runs a job from JavaScript, and from TypeScript", async () => {
    const plain = await script("run.mjs", RUN);
    expect(plain).toEqual({ code: 0, stdout: "3 {}\n", stderr: "" });
    expect(outputLines(join(project, "out-of-run"))).toEqual(EXPECTED);
    writeFileSync(join(project, "run.ts"), RUN);
    const tsx = ["--import", "tsx", "run.ts", "out-of-tsx"];
    const typed = await run(process.execPath, tsx, project);
    expect(typed).toEqual({ code: 0, stdout: "3 {}\n", stderr: "" });
    expect(outputLines(join(project, "out-of-tsx"))).toEqual(EXPECTED);
  });

  it("tests an app with Node's own test runner", async () => {
    const { code, stdout } = await script(
      "app.test.ts",
      `import assert from "node:assert/strict";
       import test from "node:test";
       import { runMap, runReduce, runSequential } from "tsmr/testing";
       import app from "./app.ts";

       test("counts words", async () => {
         assert.deepEqual((await runMap(app, "a b")).pairs, [["a", 1], ["b", 1], ["lines", 1]]);
         assert.deepEqual((await runReduce(app, "a", [1, 2])).lines, ["a 3"]);
         const { lines } = await runSequential(app, "the cat\\nthe tree\\n");
         assert.deepEqual(lines, ${JSON.stringify(EXPECTED)});
       });`,
      ["--import", "tsx", "--test"],
    );
    expect({ code, stdout }).toMatchObject({ code: 0 });
  });

  it("has types for both ways in which TypeScript resolves modules", async () => {
    writeFileSync(join(project, "typed.ts"), TYPED);
    for (const module of [
      ["--module", "nodenext"],
      ["--module", "esnext", "--moduleResolution", "bundler"],
    ]) {
      const flags = ["--strict", "--exactOptionalPropertyTypes", "--noEmit", "--target", "es2022"];
      const args = ["--ignoreConfig", ...flags, "--types", "node", ...module];
      const { stdout } = await run(process.execPath, [TSC, ...args, "app.ts", "typed.ts"], project);
      expect(stdout).toBe("");
    }
    expect(existsSync(join(project, "typed.js"))).toBe(false);
  });
});

/** Uses of the library that must be right, and some that must be wrong. */
const TYPED = `
import { type ByteSlice, defineApp, jsonLines, type JobResult, runJob, sum } from "tsmr";
import { runMap, runReduce } from "tsmr/testing";

const app = defineApp({
  input: jsonLines<{ host: string; bytes: number }>(),
  map({ host, bytes }, emit) {
    emit(host, bytes);
    // @ts-expect-error sum takes numbers
    emit(host, host);
  },
  combine: sum,
  reduce: (_host, bytes) => sum.of(bytes),
});
const { pairs } = await runMap(app, "{}");
const values: number[] = pairs.map(([, value]) => value);
const { outputs } = await runReduce(app, "a", values);
const totals: number[] = outputs;
// @ts-expect-error there is no such option
const result: JobResult = await runJob({ app: "wc", inputs: totals.map(String), worker: 1 });
const view = (slice: ByteSlice): string => slice.view().toString("latin1");
export { result, view };
`;

it("documents every command that it installs", () => {
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  for (const name of ["tsmr", "mrcoordinator", "mrworker", "mrsequential"]) {
    expect(readme).toContain(`\`${name} `);
  }
});
