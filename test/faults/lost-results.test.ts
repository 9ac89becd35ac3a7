// Tests results that vanish or are cut after their task has completed.

import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { completeJob } from "../../src/main/complete-job.ts";
import { MrError } from "../../src/mr/base/errors.ts";
import { HeldDirectory } from "../../src/mr/base/held-directory.ts";
import { mergeOutputs } from "../../src/mr/data/output/merge-outputs.ts";
import { type RunJobOptions, runJob } from "../../src/mr/engines/run-job.ts";
import type { JobEvent } from "../../src/mr/job/events.ts";
import { EVENT_LOG_NAME, JOB_LOG_NAME } from "../../src/mr/job/names.ts";
import { storageFor } from "../../src/mr/storage/registry.ts";
import { sealEventLog } from "../../src/mr/watch/history/event-log.ts";
import { readHistory } from "../../src/mr/watch/history/job-history.ts";
import { startScript } from "../support/processes.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const REDUCES = 3;
const LINES = ["a", "b", "c", "d", "e", "f", "g", "h"].map((word) => `${word} 1`);

let out: string;
let options: RunJobOptions;
beforeEach(() => {
  const home = temporaryDirectory();
  out = join(home, "out");
  const input = join(home, "a.txt");
  writeFileSync(input, "a b c d e f g h\n");
  options = { app: "wc", inputs: [input], out, workers: 1, reduces: REDUCES };
});

/** Does something when the last reduce task begins. */
function whenLastBegins(what: () => void) {
  let started = 0;
  return (event: JobEvent) => {
    if (event.type !== "attemptStarted" || event.phase !== "reduce") return;
    started += 1;
    if (started === REDUCES) what();
  };
}

const SPOILED: ReadonlyArray<readonly [string, (path: string) => void]> = [
  ["vanishes", (path) => rmSync(path)],
  ["is cut", (path) => truncateSync(path, 1)],
  ["is changed", (path) => writeFileSync(path, readFileSync(path).fill("x"))],
];

function linesOf(outputs: readonly string[]): string[] {
  const text = outputs.map((name) => readFileSync(name, "utf8")).join("");
  return text.split("\n").filter(Boolean).sort();
}

it.each(SPOILED)(
  "F49 a result that %s is made again before the job is complete",
  async (_, spoil) => {
    const events: JobEvent[] = [];
    const spoilOnce = whenLastBegins(() => spoil(join(out, "mr-out-0")));
    const { outputs } = await runJob({
      ...options,
      onEvent: (event) => {
        events.push(event);
        spoilOnce(event);
      },
    });
    expect(linesOf(outputs)).toEqual(LINES);
    expect(readdirSync(out).sort()).toEqual([EVENT_LOG_NAME, "mr-out-0", "mr-out-1", "mr-out-2"]);
    const reopened = events.filter(({ type }) => type === "taskReopened");
    expect(reopened).toMatchObject([{ phase: "reduce", task: 0 }]);
    expect(events.at(-1)).toMatchObject({ type: "jobEnded", outcome: { state: "completed" } });
    expect(events.indexOf(reopened[0] as JobEvent)).toBeLessThan(events.length - 1);
  },
);

it("F49 a result that a directory has replaced fails the job before anyone is told of its success", async () => {
  const path = join(out, "mr-out-0");
  const ends: JobEvent[] = [];
  const replace = whenLastBegins(() => {
    rmSync(path);
    mkdirSync(join(path, "full"), { recursive: true });
  });
  const failed = runJob({
    ...options,
    onEvent: (event) => {
      replace(event);
      if (event.type === "jobEnded") ends.push(event);
    },
  });
  const message = expect.stringContaining(path);
  await expect(failed).rejects.toMatchObject({ code: "OUTPUT_UNWRITABLE", message });
  expect(ends).toMatchObject([{ outcome: { state: "failed" } }]);
  expect((await readHistory(out)).last.view.outcome).toMatchObject({ state: "failed" });
  expect(existsSync(join(out, JOB_LOG_NAME))).toBe(true);
  rmSync(path, { recursive: true });
  expect(linesOf((await runJob({ ...options, resume: true })).outputs)).toEqual(LINES);
});

it("F49 a result that was spoiled while no coordinator ran is made again on resuming", async () => {
  const path = join(out, "mr-out-0");
  const abort = new AbortController();
  const stop = whenLastBegins(() => abort.abort("enough"));
  const cancelled = runJob({ ...options, signal: abort.signal, onEvent: stop });
  await expect(cancelled).rejects.toMatchObject({ code: "JOB_CANCELLED" });
  writeFileSync(path, readFileSync(path).fill("x"));
  expect(linesOf((await runJob({ ...options, resume: true })).outputs)).toEqual(LINES);
});

it.each(SPOILED)(
  "F49 a result that %s after the job was complete is named on resuming",
  async (_, spoil) => {
    await runJob(options);
    const again = () => runJob({ ...options, resume: true });
    await expect(again()).rejects.toMatchObject({ code: "RESUME_NOTHING" });
    for (const name of ["mr-out-1", "mr-out-0"]) {
      spoil(join(out, name));
      const message = expect.stringContaining(join(out, name));
      await expect(again()).rejects.toMatchObject({ code: "OUTPUT_UNREADABLE", message });
    }
  },
);

it("F49 results that were all removed after the job was complete are missed on resuming", async () => {
  const { outputs } = await runJob(options);
  for (const path of outputs) rmSync(path);
  const message = expect.stringContaining(outputs[0] ?? "");
  const again = runJob({ ...options, resume: true });
  await expect(again).rejects.toMatchObject({ code: "OUTPUT_UNREADABLE", message });
});

it.each(SPOILED)(
  "F49 a result that %s between the end of the job and that of its process is made again",
  async (_, spoil) => {
    let journal: Buffer | undefined;
    const path = join(out, JOB_LOG_NAME);
    await runJob({
      ...options,
      keep: true,
      onEvent: ({ type }) => {
        if (type === "jobEnded") journal = readFileSync(path);
      },
    });
    writeFileSync(path, journal ?? "");
    spoil(join(out, "mr-out-2"));
    expect(linesOf((await runJob({ ...options, resume: true })).outputs)).toEqual(LINES);
  },
);

describe("F49 the only file of a result, whose rename", { timeout: 120_000 }, () => {
  const MERGING = ["tsmr.ts", "run", "wc", "a.txt", "--merge", "--out", "out"];
  const GONE = "it is not there any more";

  it.each([
    ["loses it", "fs.rmSync(from)", GONE, MERGING],
    ["does nothing", "", GONE, MERGING],
    ["cuts it", "rename(from, to), fs.truncateSync(to, 10)", "it has 10 bytes", MERGING],
    ["does nothing", "", GONE, ["tsmr.ts", "sequential", "wc", "a.txt"]],
    [
      "cuts it",
      "rename(from, to), fs.truncateSync(to, 10)",
      "it has 10 bytes",
      ["mrsequential.ts", "wc", "a.txt"],
    ],
  ])("F49 %s, fails the command", async (_, renaming, why, [script = "", ...args]) => {
    const cwd = dirname(out);
    const preload = join(cwd, "rename.cjs");
    const name = args.includes("--merge") ? "mr-out" : "mr-out-0";
    writeFileSync(
      preload,
      `const fs = require("node:fs");
      const rename = fs.renameSync;
      fs.renameSync = (from, to) => {
        if (require("node:path").basename(to) === "${name}") { ${renaming} }
        else rename(from, to);
      };
      require("node:module").syncBuiltinESMExports();`,
    );
    const env = { NODE_OPTIONS: `--require ${preload}` };
    const { code, stderr } = await startScript(`src/main/${script}`, args, { cwd, env }).ended;
    expect(code).toBe(1);
    expect(stderr).toContain(`${name}" is lost: ${why}`);
    expect(stderr).not.toContain("Done");
    if (!args.includes("--merge")) return;
    const resumed = await startScript("src/main/tsmr.ts", [...args, "--resume"], { cwd }).ended;
    expect(resumed.code).toBe(0);
    expect(readdirSync(out).sort()).toEqual([EVENT_LOG_NAME, "mr-out"]);
    expect(linesOf([join(out, "mr-out")])).toEqual(LINES);
  });
});

describe("F50 a complete job whose output is still to be merged", () => {
  const merged = () => join(out, "mr-out");
  const mergeAll = async () => {
    const { result, files } = (await completeJob(out, { app: "wc", inputs: [] })) ?? {};
    expect(result?.outputs).toEqual(files?.map(({ path }) => path));
    await mergeOutputs(storageFor(out), out, files ?? [], {
      beforeCommit: ({ bytes, crc32 }) => {
        sealEventLog(HeldDirectory.open(out), { type: "outputMerged", bytes, crc32 });
      },
    });
  };

  it("F50 is refused when one of its results is lost or is not what was written", async () => {
    await runJob(options);
    expect((await completeJob(out, { app: "wc", inputs: [] }))?.files).toHaveLength(REDUCES);
    const path = join(out, "mr-out-1");
    const bytes = readFileSync(path);
    const lost = { code: "OUTPUT_UNREADABLE", message: expect.stringContaining(path) };
    writeFileSync(path, Buffer.from(bytes).fill("x"));
    await expect(completeJob(out, { app: "wc", inputs: [] })).rejects.toMatchObject(lost);
    truncateSync(path, 1);
    await expect(completeJob(out, { app: "wc", inputs: [] })).rejects.toMatchObject(lost);
    rmSync(path);
    await expect(completeJob(out, { app: "wc", inputs: [] })).rejects.toMatchObject(lost);
    // The last one is missed as well as the others.
    writeFileSync(path, bytes);
    rmSync(join(out, "mr-out-2"));
    await expect(completeJob(out, { app: "wc", inputs: [] })).rejects.toMatchObject({
      code: "OUTPUT_UNREADABLE",
    });
  });

  it("F50 loses its remaining results when the merged file has all of them", async () => {
    const { outputs } = await runJob(options);
    const parts = outputs.map((path) => readFileSync(path));
    await mergeAll();
    writeFileSync(join(out, "mr-out-1"), parts[1] ?? "");
    expect((await completeJob(out, { app: "wc", inputs: [] }))?.result.outputs).toEqual([merged()]);
    expect(readdirSync(out).sort()).toEqual([EVENT_LOG_NAME, "mr-out"]);
    expect(linesOf([merged()])).toEqual(LINES);
    // And what was merged is checked too.
    writeFileSync(merged(), readFileSync(merged()).fill("x"));
    await expect(completeJob(out, { app: "wc", inputs: [] })).rejects.toMatchObject({
      code: "OUTPUT_UNREADABLE",
    });
  });

  it.each(SPOILED.slice(1))(
    "F50 is merged again when it was killed after a rename by which the merged file %s",
    async (_, spoil) => {
      const { outputs } = await runJob(options);
      const parts = outputs.map((path) => readFileSync(path));
      await mergeAll();
      spoil(merged());
      for (const [reduce, path] of outputs.entries()) writeFileSync(path, parts[reduce] ?? "");
      // A merged file is of use when a result is lost.
      rmSync(outputs[1] ?? "");
      const lost = { code: "OUTPUT_UNREADABLE", message: expect.stringContaining(merged()) };
      await expect(completeJob(out, { app: "wc", inputs: [] })).rejects.toMatchObject(lost);
      expect(readdirSync(out)).toHaveLength(REDUCES + 1);
      writeFileSync(outputs[1] ?? "", parts[1] ?? "");
      await mergeAll();
      expect(readdirSync(out).sort()).toEqual([EVENT_LOG_NAME, "mr-out"]);
      expect(linesOf([merged()])).toEqual(LINES);
    },
  );

  it("F50 keeps files that have the name of a result and are none", async () => {
    await runJob(options);
    writeFileSync(merged(), "of another job\n");
    await expect(completeJob(out, { app: "wc", inputs: [] })).rejects.toMatchObject({
      code: "OUTPUT_EXISTS",
    });
    expect(readdirSync(out)).toHaveLength(REDUCES + 2);
    rmSync(merged());
    await mergeAll();
    for (const name of ["mr-out-1", "mr-out-7"]) {
      writeFileSync(join(out, name), "of another job\n");
      await expect(completeJob(out, { app: "wc", inputs: [] })).rejects.toBeInstanceOf(MrError);
      expect(readdirSync(out).sort()).toEqual([EVENT_LOG_NAME, "mr-out", name]);
      rmSync(join(out, name));
    }
    mkdirSync(join(out, "empty"));
    expect(await completeJob(join(out, "empty"), { app: "wc", inputs: [] })).toBeUndefined();
  });

  it("F50 is refused when its event log does not say what its results are", async () => {
    await runJob(options);
    const path = join(out, EVENT_LOG_NAME);
    const text = readFileSync(path, "utf8");
    // As an earlier version of this package wrote it.
    writeFileSync(path, text.replaceAll(/"crc32":\d+,?/g, ""));
    await expect(completeJob(out, { app: "wc", inputs: [] })).rejects.toMatchObject({
      code: "HISTORY_UNREADABLE",
    });
    const lines = text.split("\n").filter((line) => !line.includes('"digest"'));
    writeFileSync(path, lines.join("\n"));
    await expect(completeJob(out, { app: "wc", inputs: [] })).rejects.toMatchObject({
      code: "HISTORY_UNREADABLE",
    });
    rmSync(path);
    await expect(completeJob(out, { app: "wc", inputs: [] })).rejects.toMatchObject({
      code: "HISTORY_UNREADABLE",
    });
  });

  describe("that the command line names", () => {
    const REFUSED = { code: "RESUME_MISMATCH", message: expect.stringContaining("resume") };
    const home = () => dirname(out);
    const inputs = () => [join(home(), "a.txt"), join(home(), "b.txt")];
    beforeEach(() => writeFileSync(join(home(), "b.txt"), "b c\n"));
    afterEach(() => vi.unstubAllEnvs());

    it("F50 is delivered if app and inputs are the same, or inputs are not named", async () => {
      for (const splitBytes of [1024 * 1024, 3]) {
        rmSync(out, { recursive: true, force: true });
        await runJob({ ...options, inputs: inputs(), splitBytes });
        for (const named of [[], inputs(), [join(home(), "*.txt")]]) {
          expect(await completeJob(out, { app: "wc", inputs: named })).toBeDefined();
        }
        for (const others of [
          inputs().slice(1),
          inputs().toReversed(),
          [...inputs(), inputs()[0] ?? ""],
        ]) {
          await expect(completeJob(out, { app: "wc", inputs: others })).rejects.toMatchObject(
            REFUSED,
          );
        }
      }
    });

    it("F50 is refused if the app is another one, or was changed", async () => {
      const app = join(home(), "app.ts");
      const source =
        'export const map = () => [{ key: "a", value: "1" }];\nexport const reduce = () => ';
      writeFileSync(app, `${source}"1";\n`);
      await runJob({ ...options, app });
      expect(await completeJob(out, { app, inputs: [] })).toBeDefined();
      await expect(completeJob(out, { app: "indexer", inputs: [] })).rejects.toMatchObject(REFUSED);
      writeFileSync(app, `${source}"2";\n`);
      await expect(completeJob(out, { app, inputs: [] })).rejects.toMatchObject(REFUSED);
      rmSync(app);
      await expect(completeJob(out, { app, inputs: [] })).rejects.toMatchObject({
        code: "APP_NOT_FOUND",
      });
    });

    it("F50 is refused if its log has no digest of the app, and the app has another name", async () => {
      await runJob(options);
      const path = join(out, EVENT_LOG_NAME);
      writeFileSync(path, readFileSync(path, "utf8").replaceAll(/"digest":"\w+",/g, ""));
      expect(await completeJob(out, { app: "wc", inputs: [] })).toBeDefined();
      await expect(completeJob(out, { app: "indexer", inputs: [] })).rejects.toMatchObject(REFUSED);
    });

    it("F50 is refused if an input has changed, a setting has another value, or there are other reduce tasks", async () => {
      vi.stubEnv("GREP", "b");
      await runJob({ ...options, app: "grep", inputs: inputs() });
      expect(readFileSync(join(out, EVENT_LOG_NAME), "utf8")).not.toContain('"GREP":"b"');
      const named = { app: "grep", inputs: inputs() };
      expect(await completeJob(out, named)).toBeDefined();
      const others = completeJob(out, { ...named, reduces: REDUCES + 1 });
      await expect(others).rejects.toMatchObject(REFUSED);
      vi.stubEnv("GREP", "c");
      await expect(completeJob(out, named)).rejects.toMatchObject({
        code: "RESUME_MISMATCH",
        message: expect.stringContaining("GREP"),
      });
      vi.stubEnv("GREP", undefined);
      expect(await completeJob(out, named)).toBeDefined();
      writeFileSync(join(home(), "b.txt"), "b c d\n");
      await expect(completeJob(out, named)).rejects.toMatchObject({ code: "INPUT_CHANGED" });
    });
  });

  it("F50 is refused if bad records are to be treated in another way", async () => {
    const REFUSED = (what: string) => ({
      code: "RESUME_MISMATCH",
      message: expect.stringContaining(what),
    });
    await runJob({ ...options, skipBadRecords: true, maxBadRecords: 5 });
    const named = { app: "wc", inputs: [] };
    for (const same of [{}, { skipBadRecords: true, maxBadRecords: 5 }, { maxBadRecords: 5 }]) {
      expect(await completeJob(out, { ...named, ...same })).toBeDefined();
    }
    const failing = completeJob(out, { ...named, skipBadRecords: false });
    await expect(failing).rejects.toMatchObject(REFUSED("leave out bad records"));
    for (const maxBadRecords of [0, 6, "5%"] as const) {
      const other = completeJob(out, { ...named, maxBadRecords });
      await expect(other).rejects.toMatchObject(REFUSED("--max-bad-records 5"));
    }
    // An earlier version of this package has written the log.
    const path = join(out, EVENT_LOG_NAME);
    writeFileSync(path, readFileSync(path, "utf8").replaceAll(/,"maxBadRecords":5/g, ""));
    expect(await completeJob(out, { ...named, maxBadRecords: 6 })).toBeDefined();
  });

  it("F50 is delivered by --resume, wherever tsmr run --merge was killed", {
    timeout: 120_000,
  }, async () => {
    const args = [
      "run",
      "wc",
      "a.txt",
      "--out",
      "out",
      "--reduces",
      "3",
      "--workers",
      "1",
      "--merge",
    ];
    const cwd = dirname(out);
    const preload = join(cwd, "kill.mjs");
    // Kills the process when it is about to remove its n-th result, or to give the merged file its name.
    writeFileSync(
      preload,
      `import fs from "node:fs";
      import promises from "node:fs/promises";
      import { syncBuiltinESMExports } from "node:module";
      const { rm } = promises;
      const { renameSync } = fs;
      let left = Number(process.env.KILL_AT);
      const isDue = (path) => /\\/mr-out(-\\d)?$/.test(path) && left-- === 0;
      promises.rm = (path, ...rest) => isDue(path) ? process.kill(process.pid, "SIGKILL") : rm(path, ...rest);
      fs.renameSync = (from, to) => {
        if (to.endsWith("/mr-out") && isDue(to)) process.kill(process.pid, "SIGKILL");
        renameSync(from, to);
      };
      syncBuiltinESMExports();`,
    );
    for (let at = 0; at <= REDUCES; at++) {
      rmSync(out, { recursive: true, force: true });
      const env = { NODE_OPTIONS: `--import ${preload}`, KILL_AT: String(at) };
      const killed = await startScript("src/main/tsmr.ts", args, { cwd, env }).ended;
      expect(killed.signal).toBe("SIGKILL");
      const results = readdirSync(out).filter((name) => /^mr-out-\d$/.test(name));
      expect(results).toHaveLength(at === 0 ? REDUCES : REDUCES - at + 1);
      const resumed = startScript("src/main/tsmr.ts", [...args, "--resume"], { cwd });
      expect(await resumed.ended).toMatchObject({ code: 0 });
      expect(readdirSync(out).sort()).toEqual([EVENT_LOG_NAME, "mr-out"]);
      expect(linesOf([merged()])).toEqual(LINES);
    }
  });
});
