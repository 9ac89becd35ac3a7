// Tests the refusals of mrcoordinator.ts, mrworker.ts and mrsequential.ts in src/main.

import { chmodSync, chownSync, mkdirSync, symlinkSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { MAP, REDUCE } from "../support/apps.ts";
import { Job } from "../support/job.ts";
import { isSkippedFor } from "../support/needs.ts";
import { expectOneLine } from "../support/one-line.ts";
import { NO_UNPRIVILEGED_RUN, unprivilegedUid } from "../support/unprivileged.ts";

/** At least as long as a worker should; longer when the machine is busy. */
const WAITED = /\(waited ([2-9]|\d\d+) s\)/;
const TOO_LONG = `/tmp/${"s".repeat(103)}`;

/** Text that is there, or has a match. */
type Word = string | RegExp;

describe("bad input", () => {
  const job = new Job();
  let before: string[];

  beforeAll(() => {
    job.write("a", "x y");
    job.write("good.ts", MAP + REDUCE);
    job.write("broken.ts", `${MAP}\nexport function reduce( {\n`);
    job.write("mapless.ts", REDUCE);
    job.write("typo.ts", MAP.replace("map", "mapp") + REDUCE);
    job.write("throws.ts", `throw new Error("no licence");${MAP}${REDUCE}`);
    job.write("async.ts", `await Promise.reject(new Error("no network"));${MAP}${REDUCE}`);
    mkdirSync(job.path("empty"));
    mkdirSync(job.path("folder.ts"));
    symlinkSync("loop", job.path("loop"));
    before = job.files();
  });
  afterAll(() => job.end());

  const coordinatorCases: Array<[title: string, args: string[], code: number, words: string[]]> = [
    ["no files", [], 2, ["no input files", "--help"]],
    ["F16: a pattern that matches nothing", ["a", "*.csv"], 2, ['No file matches "*.csv"']],
    ["F15: a missing file", ["a", "nope"], 2, ['Cannot read input "nope"', "(ENOENT)"]],
    ["F17: a directory without files", ["empty"], 2, ['"empty"', "no files"]],
    ["a loop of links", ["loop"], 1, ['"loop"', "(ELOOP)"]],
    ["a device", ["/dev/zero"], 2, ['"/dev/zero"', "not a regular file"]],
    ["an unknown option", ["a", "--reduce", "3"], 2, ["--reduce", "--help"]],
    ["an option without its value", ["a", "--reduces"], 2, ["--reduces"]],
    ["no reduce tasks", ["a", "--reduces", "0"], 2, ["--reduces", "from 1 to 100000"]],
    ["half a reduce task", ["a", "-r", "1.5"], 2, ["--reduces", "whole number"]],
    ["a lease that is no time", ["a", "--lease", "soon"], 2, ["--lease", "seconds"]],
    ["no attempts", ["a", "--attempts", "0"], 2, ["--attempts"]],
    [
      "F29: a socket path over the limit (needs Linux)",
      ["a", "--socket", TOO_LONG],
      1,
      [TOO_LONG, "107"],
    ],
    ["a socket that cannot be", ["a", "--socket", "no/s.sock"], 1, ['"no/s.sock"']],
    [
      "a socket in a file",
      ["a", "--socket", "good.ts/s.sock"],
      2,
      ['"good.ts" is not a directory'],
    ],
    ["a socket path that is a file", ["a", "--socket", "good.ts"], 1, ['"good.ts"']],
  ];

  // Those that get as far as the socket have locked the directory, one at a time.
  for (const [what, concurrent] of [
    ["arguments", true],
    ["sockets", false],
  ] as const) {
    describe(`of mrcoordinator in its ${what}`, { concurrent }, () => {
      for (const [title, args, code, words] of coordinatorCases) {
        if (args.includes("--socket") === concurrent) continue;
        const isSkipped = args.includes(TOO_LONG) && process.platform !== "linux";
        it.skipIf(isSkipped)(title, async () => {
          const ended = await job.coordinator(...args).ended;
          expectOneLine(ended, "mrcoordinator", words);
          expect(ended.code).toBe(code);
        });
      }
    });
  }

  const workerCases: Array<[title: string, args: string[], code: number, words: Word[]]> = [
    ["no app", [], 2, ["missing required argument 'app'"]],
    [
      "an app without a name",
      [""],
      2,
      ["argument 'app'", "It must be the file or the name of an app."],
    ],
    ["two apps", ["good.ts", "typo.ts"], 2, ["too many arguments"]],
    ["F21: a missing app", ["nope.ts"], 2, ['Cannot find app "nope.ts"']],
    ["F21: an app that is a directory", ["folder.ts"], 2, ['Cannot find app "folder.ts"']],
    ["F21: an app that does not compile", ["broken.ts"], 1, ["Cannot compile app", "broken.ts:7:"]],
    ["F21: an app without map", ["mapless.ts"], 2, ['the function "map"', '"reduce"']],
    ["F21: an app with a misspelt map", ["typo.ts"], 2, ['the function "map"', '"mapp"']],
    ["F21: an app that throws", ["throws.ts"], 1, ["Cannot load app", "no licence"]],
    ["F21: an app that rejects", ["async.ts"], 1, ["Cannot load app", "no network"]],
    ["no coordinator", ["good.ts"], 1, ["No coordinator", job.socketPath, WAITED]],
    [
      "F29: a socket path over the limit (needs Linux)",
      ["good.ts", "--socket", TOO_LONG],
      1,
      [TOO_LONG],
    ],
  ];

  describe("of mrworker", { concurrent: true }, () => {
    for (const [title, args, code, words] of workerCases) {
      it.skipIf(args.includes(TOO_LONG) && process.platform !== "linux")(title, async () => {
        const ended = await job.worker(...args).ended;
        expectOneLine(ended, "mrworker", words);
        expect(ended.code).toBe(code);
      });
    }
  });

  it("has left nothing behind", () => {
    expect(job.files()).toEqual(before);
  });

  it("is an input that the job itself would overwrite", async (context) => {
    const own = newJob(context);
    own.write("mr-out-0", "x");
    const ended = await own.coordinator("mr-out-0").ended;
    expectOneLine(ended, "mrcoordinator", ['Input "mr-out-0"']);
    expect(ended.code).toBe(1);
    expect(own.output()).toBe("x\n");
  });

  it("is a job directory that cannot be cleared", async (context) => {
    const own = newJob(context);
    own.write("a", "x");
    mkdirSync(own.path("mr-out-0"));
    const ended = await own.coordinator("a").ended;
    expectOneLine(ended, "mrcoordinator", ["mr-out-0"]);
    expect(ended.code).toBe(1);
  });

  it.skipIf(isSkippedFor(NO_UNPRIVILEGED_RUN))(
    "F13: is an input that may not be read (as root, needs a project that user 65534 can read)",
    async (context) => {
      const own = newJob(context, unprivilegedUid);
      own.write("a", "x");
      own.write("secret", "x");
      chmodSync(own.path("secret"), 0);
      const ended = await own.coordinator("a", "secret").ended;
      expectOneLine(ended, "mrcoordinator", [
        'Cannot read input "secret": permission denied (EACCES)',
      ]);
      expect(ended.code).toBe(1);
      mkdirSync(own.path("closed"), { mode: 0 });
      const { stderr } = await own.coordinator("closed/*").ended;
      expect(stderr).toBe(
        `mrcoordinator: Cannot list the files of pattern "closed/*" in directory "${own.path("closed")}": permission denied (EACCES)\n`,
      );
    },
  );

  it.skipIf(isSkippedFor(NO_UNPRIVILEGED_RUN))(
    "F13: is a job directory that may not be written (as root, needs a project that user 65534 can read)",
    async (context) => {
      const own = newJob(context, unprivilegedUid);
      own.write("a", "x");
      chmodSync(own.directory, 0o555);
      const ended = await own.coordinator("a").ended;
      chmodSync(own.directory, 0o755);
      expectOneLine(ended, "mrcoordinator", [own.directory, "permission denied (EACCES)"]);
      expect(ended.code).toBe(1);
      expect(own.files()).toEqual(["a"]);
    },
  );
});

describe("an output directory of tsmr run", () => {
  it.skipIf(isSkippedFor(NO_UNPRIVILEGED_RUN))(
    "F13: is refused before any worker starts when it may not be written (as root, needs a project that user 65534 can read)",
    async (context) => {
      const own = newJob(context, unprivilegedUid);
      own.write("a", "x");
      for (const out of ["closed", "closed/new"]) {
        if (out === "closed") mkdirSync(own.path(out), { mode: 0o555 });
        const ended = await own.start("src/main/tsmr.ts", ["run", "wc", "a", "--out", out]).ended;
        expectOneLine(ended, "tsmr", [own.path(out), "permission denied (EACCES)"]);
        expect(ended.code).toBe(1);
      }
      expect(own.files()).toEqual(["a", "closed"]);
    },
  );
});

describe("help", { concurrent: true }, () => {
  for (const [command, words] of [
    ["mrcoordinator", ["[inputs...]", "--reduces", "--socket", "--lease", "Exit code"]],
    ["mrworker", ["<app>", "--socket"]],
    ["mrsequential", ["<app>", "<inputs...>"]],
  ] as const) {
    it(`is what ${command} --help prints, with exit code 0`, async (context) => {
      const { code, stdout, stderr } = await newJob(context).start(`src/main/${command}.ts`, [
        "--help",
      ]).ended;
      expect([code, stderr]).toEqual([0, ""]);
      for (const word of words) expect(stdout).toContain(word);
    });
  }
});

/** A job whose processes run as the user given, who owns its directory. */
function newJob({ onTestFinished }: TestContext, uid?: number): Job {
  const job = new Job({ uid });
  onTestFinished(() => job.end());
  if (uid !== undefined) chownSync(job.directory, uid, uid);
  return job;
}
