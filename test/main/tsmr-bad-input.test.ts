// Tests the refusals of src/main/tsmr.ts.

import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, mkdirSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MAP, REDUCE } from "../support/apps.ts";
import { Job } from "../support/job.ts";
import { isSkippedFor } from "../support/needs.ts";
import { expectOneLine } from "../support/one-line.ts";
import { Folder, newFolder } from "../support/tsmr.ts";
import { NO_UNPRIVILEGED_RUN, unprivilegedUid } from "../support/unprivileged.ts";

/** Of three ranges of keys. */
const RANGES = `
import { defineApp, lines, rangePartition } from "tsmr";
export default defineApp({
  input: lines(),
  map: (line, emit) => emit(line, 1),
  reduce: () => 1,
  partition: rangePartition(["f", "k"]),
});
`;

describe("bad input of tsmr", { concurrent: true }, () => {
  const folder = new Folder();
  beforeAll(() => {
    folder.write("broken.ts", `${MAP}\nexport function reduce( {\n`);
    folder.write("import.ts", `import { x } from "./nowhere.ts"; console.log(x);${MAP}${REDUCE}`);
    folder.write("name.ts", `import { y } from "./app.ts"; console.log(y);${MAP}${REDUCE}`);
    folder.write("library.ts", `import { deefineApp } from "tsmr"; deefineApp();${MAP}${REDUCE}`);
    folder.write("ranges.ts", RANGES);
    folder.write("typo.ts", MAP.replace("map", "mapp") + REDUCE);
    folder.write("text.txt", "some words");
    folder.write("none.ts", "export const one = 1;");
    folder.write("notes.md", "# Notes");
    folder.write("in.bz2", "BZh91AY&SY");
    execFileSync("mkfifo", [folder.path("pipe")]);
    mkdirSync(folder.path("empty"));
  });
  afterAll(() => folder.end());

  const cases: Array<[title: string, args: string[], code: number, words: string[]]> = [
    ["a misspelt command", ["rnu", "wc", "a"], 2, ["'rnu'", "did you mean run?", "tsmr --help"]],
    [
      "a misspelt flag",
      ["run", "app", "a", "--wokers", "2"],
      2,
      ["'--wokers'", "did you mean --workers?", "tsmr run --help"],
    ],
    [
      "a value for a flag that takes none",
      ["report", "a", "--chart=c.png"],
      2,
      ["option '--chart' takes no value", "tsmr report --help"],
    ],
    [
      "the file of a chart where the directory of a job is meant",
      ["report", ".", "--chart", "c.png"],
      2,
      ["--out names the file: tsmr report . --chart --out c.png", "tsmr report --help"],
    ],
    ["help for a misspelt command", ["help", "rum"], 2, ["'rum'", "did you mean run?"]],
    ["help for too much", ["help", "run", "x"], 2, ["too many arguments"]],
    [
      "a misspelt flag before its command",
      ["--wokers", "2", "run", "app"],
      2,
      ["'--wokers'", "options of run come after it", "did you mean --workers?", "tsmr run --help"],
    ],
    [
      "a flag before its command",
      ["--workers", "2", "run", "app"],
      2,
      ["'--workers'", "options of run come after it: tsmr run --workers", "tsmr run --help"],
    ],
    ["a flag before nothing", ["--wokers"], 2, ["unknown option '--wokers' (see tsmr --help)"]],
    ["a flag of another command", ["status", "--out", "x"], 2, ["'--out'", "tsmr status --help"]],
    ["no app", ["run"], 2, ["missing required argument 'app'", "tsmr run --help"]],
    ["no input", ["run", "app.ts"], 2, ["no input files", "tsmr run --help"]],
    ["a missing app", ["run", "nope", "a"], 2, ['Cannot find app "nope"', "tsmr apps"]],
    [
      "a misspelt app",
      ["run", "top_wrods", "a"],
      2,
      ['app "top_wrods"', "did you mean top_words?"],
    ],
    [
      "a missing input",
      ["run", "app.ts", "a", "nope"],
      2,
      ['Cannot read input "nope"', "(ENOENT)"],
    ],
    ["a pattern without a match", ["run", "app.ts", "*.csv"], 2, ['No file matches "*.csv"']],
    [
      "a folder without files",
      ["run", "app.ts", "empty"],
      2,
      ['"empty" has no files directly in it'],
    ],
    [
      "fewer reduce tasks than the app's partitioner has ranges",
      ["run", "ranges.ts", "a", "--no-check", "-r", "2", "-o", "out-r", "-q"],
      2,
      ['Cannot run app "ranges.ts" with --reduces 2: its rangePartition needs 3 or more'],
    ],
    ["no workers", ["run", "app.ts", "a", "-w", "0"], 2, ["--workers", "from 1 to 1000"]],
    [
      "too little memory",
      ["run", "app.ts", "a", "--memory", "5"],
      2,
      ["--memory", "at least 160MiB"],
    ],
    [
      "a split that is none",
      ["run", "app.ts", "a", "--split", "x"],
      2,
      ["--split", "at least 1 byte"],
    ],
    ["memory that is no size", ["run", "app.ts", "a", "--memory", "lots"], 2, ["--memory", "lots"]],
    [
      "a port that is none",
      ["run", "app.ts", "a", "--ui", "65536"],
      2,
      ["--ui", "from 0 to 65535"],
    ],
    ["an output that is a file", ["run", "app.ts", "a", "-o", "b"], 2, ["/b", "not a directory"]],
    ["an output in a file", ["run", "app.ts", "a", "-o", "b/c"], 2, ["/b/c", '/b" is not']],
    ["an output deep in a file", ["run", "app.ts", "a", "-o", "b/c/d"], 2, ["c/d", '/b" is not']],
    ["an input in a file", ["run", "app.ts", "a/x", "-o", "out-6"], 2, ['"a/x"', "(ENOTDIR)"]],
    [
      "an app that does not compile",
      ["run", "broken.ts", "a"],
      1,
      ["Cannot compile app", "broken.ts:7:1: Expected"],
    ],
    [
      "an app that imports a missing file",
      ["run", "import.ts", "a"],
      1,
      ["import.ts:1:19:", '"./nowhere.ts"'],
    ],
    ["an app that imports a missing name", ["run", "name.ts", "a"], 1, ["name.ts:1:10:", '"y"']],
    [
      "an app that misspells the library",
      ["run", "library.ts", "a", "-o", "out-1", "-q"],
      1,
      ["'deefineApp'", "library.ts"],
    ],
    [
      "an app with a misspelt map",
      ["run", "typo.ts", "a", "-o", "out-2", "-q"],
      2,
      ['function "map"', '"mapp"'],
    ],
    [
      "nothing to resume",
      ["run", "app.ts", "a", "--resume", "-o", "empty"],
      1,
      ["empty", ".mr-journal"],
    ],
    [
      "an app without a name",
      ["run", "", "a"],
      2,
      ["argument 'app'", "It must be the file or the name of an app."],
    ],
    [
      "an app to run here without a name",
      ["sequential", "", "a"],
      2,
      ["It must be the file or the name of an app."],
    ],
    [
      "an app of a worker without a name",
      ["worker", ""],
      2,
      ["It must be the file or the name of an app."],
    ],
    ...[
      ["run", "app.ts", "a", "--out", ""],
      ["sequential", "app.ts", "a", "--out", ""],
      ["worker", "app.ts", "--dir", ""],
      ["report", ""],
      ["report", "--out", ""],
      ["status", ""],
      ["status", "--dir", ""],
      ["cancel", ""],
      ["cancel", "-d", ""],
    ].map((args): [string, string[], number, string[]] => [
      `an empty path: ${args.join(" ")}`,
      args,
      2,
      ["'' is invalid", "It must be a path.", `tsmr ${args[0]} --help`],
    ]),
    [
      "quiet and verbose at once",
      ["run", "app.ts", "a", "--quiet", "--verbose"],
      2,
      ["'-q, --quiet' cannot be used with option '-v, --verbose'", "tsmr run --help"],
    ],
    ["status where no job is", ["status", "empty"], 1, ['No job is running in directory "empty"']],
    ["status where nothing is", ["status", "gone"], 2, ['"gone": it does not exist']],
    ["cancel where nothing is", ["cancel", "gone"], 2, ['"gone": it does not exist']],
    ["status of a file", ["status", "a"], 2, ['"a": it is not a directory']],
    ["a report where nothing is", ["report", "gone"], 2, ['"gone": it does not exist']],
    ["a report of a file", ["report", "a"], 2, ['"a": it is not a directory']],
    [
      "a text as app",
      ["run", "./text.txt", "text.txt", "-q", "-o", "out-3"],
      2,
      ["text.txt", 'function "map"'],
    ],
    ["a text as app of a sequential run", ["sequential", "./text.txt", "a"], 2, ["text.txt"]],
    ["an app without functions", ["sequential", "none.ts", "a"], 2, ['function "map"']],
    ["a document as app", ["run", "./notes.md", "a", "-o", "out-4"], 2, ["notes.md", '".md"']],
    [
      "a format that is not supported",
      // Quiet, because a task finds it, and a slow job prints its progress.
      ["run", "app.ts", "in.bz2", "-o", "out-5", "--quiet"],
      2,
      ["bzip2"],
    ],
    ["a pipe as input", ["run", "app.ts", "pipe"], 2, ['"pipe"', "not a regular file"]],
    ["a directory as output file", ["sequential", "app.ts", "a", "-o", "empty"], 2, ["empty"]],
    ["an output file in a file", ["sequential", "app.ts", "a", "-o", "a/b"], 2, ['"a" is not']],
    [
      "an output file in no directory",
      ["sequential", "app.ts", "a", "-o", "gone/b"],
      2,
      ['directory "gone" does not exist'],
    ],
    ["status without a job", ["status"], 1, ['"mr-out" or "."', "name the directory"]],
    ["cancel without a job", ["cancel", "empty"], 1, ['No job is running in directory "empty"']],
    [
      "a worker without a job",
      ["worker", "app.ts", "--dir", "gone"],
      2,
      ['"gone": it does not exist'],
    ],
    [
      "a chart of another format",
      ["report", "--chart", "-o", "x.gif"],
      2,
      [".svg and .png", "x.gif"],
    ],
    ["a shell that is none", ["completion", "csh"], 2, ["csh", "bash, zsh, fish"]],
    ["an app's name that is none", ["init", "../x"], 2, ['"../x" is no name']],
  ];
  for (const [title, args, code, words] of cases) {
    it(`is ${title}`, async () => {
      const ended = await folder.tsmr(...args).ended;
      expectOneLine(ended, "tsmr", words);
      expect(ended.code).toBe(code);
    });
  }
});

describe("bad input of tsmr", () => {
  it.skipIf(isSkippedFor(NO_UNPRIVILEGED_RUN))(
    "F13: is an output directory that may not be written (as root, needs a project that user 65534 can read)",
    async ({ onTestFinished }) => {
      const job = new Job({ uid: unprivilegedUid });
      onTestFinished(() => job.end());
      job.write("a", "x");
      job.write("app.ts", MAP + REDUCE);
      mkdirSync(job.path("out"));
      chownSync(job.directory, unprivilegedUid ?? 0, unprivilegedUid ?? 0);
      chmodSync(job.path("out"), 0o555);
      const args = ["run", "app.ts", "a", "--out"];
      for (const out of ["out", "out/deeper"]) {
        const ended = await job.start("src/main/tsmr.ts", [...args, out]).ended;
        expectOneLine(ended, "tsmr", [job.path(out), "permission denied (EACCES)"]);
        expect(ended.code).toBe(1);
      }
    },
  );

  it("is a dashboard's port that is taken, and leaves no directory behind", async (context) => {
    const folder = newFolder(context);
    const server = createServer().listen(0, "127.0.0.1");
    context.onTestFinished(() => void server.close());
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const ended = await folder.tsmr("run", "app.ts", "a", "--ui", String(port)).ended;
    expectOneLine(ended, "tsmr", ["Cannot serve the dashboard", `:${port}:`, "(EADDRINUSE)"]);
    expect(ended.code).toBe(1);
    expect(folder.files()).toEqual(["a", "app.ts", "b"]);
  });

  it("F29 is a directory of sockets with a long path, which no worker reports too", async (context) => {
    const folder = newFolder(context);
    const env = { TSMR_RUNTIME_DIR: folder.path("x".repeat(100)) };
    for (const args of [
      ["run", "app.ts", "a", "--no-check"],
      ["status", "."],
      ["worker", "app.ts", "-d", "."],
    ]) {
      const ended = await folder.tsmrWith(env, ...args).ended;
      expectOneLine(ended, "tsmr", ["limit is", "TSMR_RUNTIME_DIR"]);
      expect(ended.code).toBe(1);
    }
    expect(folder.files().filter((name) => !name.startsWith("x"))).toEqual(["a", "app.ts", "b"]);
  });

  it("is a column that the input does not have, which is tried and said once", async (context) => {
    const folder = newFolder(context);
    folder.write("d.csv", "name,age\nAnn,7\n");
    for (const command of ["run", "sequential"]) {
      const { code, stderr, stdout } = await folder.tsmrWith(
        { DISTINCT: "nope" },
        command,
        "distinct",
        "d.csv",
      ).ended;
      const said = stderr.replace(/^tsmr: \d of \d maps?, .*\n/gm, "");
      expect(said).toMatch(/^tsmr: [^\n]+\n$/);
      expect(said).toContain(
        'Cannot read input "d.csv": line 1, column 1: there is no column "nope" ("name", "age")',
      );
      expect([code, stdout]).toEqual([2, ""]);
    }
  });

  it("is a left table that is no input of a join", async (context) => {
    const folder = newFolder(context);
    folder.write("users.csv", "user_id,name\n7,Ann\n");
    folder.write("orders.csv", "order_id,user_id\n1,7\n");
    for (const command of ["run", "sequential"]) {
      const args = [command, "join", "users.csv", "orders.csv"];
      const { code, stderr, stdout } = await folder.tsmrWith({ JOIN_LEFT: "usrs.csv" }, ...args)
        .ended;
      const said = stderr.replace(/^tsmr: \d of \d maps?, .*\n/gm, "");
      expect(said).toMatch(/^tsmr: [^\n]+\n$/);
      expect(said).toContain(
        'Set JOIN_LEFT to the left table: no input is "usrs.csv" (the inputs are "users.csv", "orders.csv")',
      );
      expect([code, stdout]).toEqual([2, ""]);
    }
  });

  it("leaves a directory as it was", async (context) => {
    const folder = newFolder(context);
    folder.write("library.ts", `import { deefineApp } from "tsmr"; deefineApp();${MAP}${REDUCE}`);
    expect((await folder.tsmr("run", "library.ts", "a").ended).code).toBe(1);
    expect((await folder.tsmr("run", "app.ts", "a", "--top", "1").ended).stdout).toBe("x 2\n");
  });
});
