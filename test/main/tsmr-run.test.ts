// Tests src/main/commands/run.ts.

import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { GATED_WORD_COUNT, MAP, REDUCE } from "../support/apps.ts";
import { sleep } from "../support/job.ts";
import { isSkippedFor } from "../support/needs.ts";
import { Screen } from "../support/screen.ts";
import { NO_SCRIPT } from "../support/script.ts";
import { type Folder, newFolder } from "../support/tsmr.ts";

const ENDLESS = `${MAP}export function reduce() { for (;;); }`;
const COUNTS = "x 2\ny 3\nz 1\n";

/** The workers that a job in `folder` has started and that have not ended. */
function workersOf(folder: Folder): number[] {
  return readdirSync("/proc").flatMap((name) => {
    try {
      const line = readFileSync(`/proc/${name}/cmdline`, "utf8");
      // Its options, which name the app, are on its standard input.
      if (!line.includes("worker-process")) return [];
      return readlinkSync(`/proc/${name}/cwd`) === folder.directory ? [Number(name)] : [];
    } catch {
      // It has ended meanwhile, or is no process.
      return [];
    }
  });
}

const ON_SIGNAL = fileURLToPath(new URL("../../src/main/on-signal.ts", import.meta.url));
const hasProc = existsSync("/proc/self/cmdline");

describe("tsmr run", { concurrent: true }, () => {
  it("leaves nothing on standard output, and says on standard error where the output is", async (context) => {
    const folder = newFolder(context);
    const { code, stdout, stderr } = await folder.tsmr("run", "app.ts", "a", "b").ended;
    expect([code, stdout]).toEqual([0, ""]);
    expect(stderr).toMatch(
      // On a machine that is busy it may last long enough for a line of progress.
      /^(tsmr: \d of 2 maps, .*\n)*tsmr: Done in [\d.]+ s: the output is in mr-out\/mr-out-\*\ntsmr: To look at it: less mr-out\/mr-out-\* {3}\(--merge .+\)\n$/,
    );
    expect(readdirSync(folder.path("mr-out")).filter((name) => !name.startsWith("."))).toHaveLength(
      10,
    );
  });

  it("prints the keys with the largest numbers for --top, and nothing else with --quiet", async (context) => {
    const folder = newFolder(context);
    const { code, stdout, stderr } = await folder.tsmr("run", "app", "?", "--top", "2", "-q").ended;
    expect([code, stdout, stderr]).toEqual([0, "y 3\nx 2\n", ""]);
  });

  it("merges the output into one file for --merge, the same as a sequential run", async (context) => {
    const folder = newFolder(context);
    const merged = await folder.tsmr("run", "app.ts", "a", "b", "--merge", "-o", "m").ended;
    expect(merged.stderr).toContain(
      "the output is in m/mr-out\ntsmr: To look at it: less m/mr-out\n",
    );
    expect(readdirSync(folder.path("m")).sort()).toEqual([".mr-events", "mr-out"]);
    const { code, stderr } = await folder.tsmr("sequential", "app.ts", "a", "b", "-o", "s").ended;
    expect([code, stderr]).toEqual([0, ""]);
    expect([folder.text("m/mr-out"), folder.text("s")]).toEqual([COUNTS, COUNTS]);
    const again = await folder.tsmr("run", "app.ts", "a", "b", "-o", "m").ended;
    expect(again.code).toBe(1);
    expect(again.stderr).toMatch(/^tsmr: .*"mr-out": choose another, or remove them\n$/);
  });

  it("prints what it has done as one JSON document for --json", async (context) => {
    const folder = newFolder(context);
    folder.write("app.ts", `console.log("noise");${MAP}${REDUCE}`);
    const { stdout } = await folder.tsmr(
      "run",
      "app.ts",
      "a",
      "b",
      "--json",
      "--top",
      "1",
      "-r",
      "1",
      "-w",
      "1",
    ).ended;
    const attempts = { failedAttempts: 0, lostAttempts: 0, supersededAttempts: 0 };
    const reduceBytes = folder.text("mr-out/mr-out-0").length;
    expect(JSON.parse(stdout)).toEqual({
      directory: folder.path("mr-out"),
      outputs: [folder.path("mr-out/mr-out-0")],
      counters: {},
      skipped: [],
      elapsedMs: expect.any(Number),
      app: "app.ts",
      workers: 1,
      map: {
        ...{ tasks: 1, attempts: 1, ...attempts },
        ...{ records: 8, bytes: expect.any(Number), cpuMs: expect.any(Number) },
        ...{ outputBytes: expect.any(Number), spills: 0 },
      },
      reduce: {
        ...{ tasks: 1, attempts: 1, ...attempts },
        ...{ records: expect.any(Number), bytes: expect.any(Number), cpuMs: expect.any(Number) },
        ...{ outputBytes: reduceBytes, spills: 0 },
      },
      top: [{ key: "y", value: 3 }],
    });
  });

  it("says once how many bad records it has skipped, beside what the app has counted", async (context) => {
    const folder = newFolder(context);
    folder.write(
      "app.ts",
      `import { defineApp, jsonLines } from "tsmr";
      export default defineApp({
        input: jsonLines(),
        map(_line, _emit, { counters }) {
          counters.add("lines");
        },
        reduce: () => 1,
      });`,
    );
    folder.write("in.jsonl", "{}\n{\n");
    const args = ["run", "app.ts", "in.jsonl", "--skip-bad-records", "--no-check"];
    const { stdout, stderr } = await folder.tsmr(...args, "--json").ended;
    // On a machine that is busy, it says in between how far it is.
    expect(stderr.replaceAll(/^tsmr: \d+ of .*\n/gm, "")).toMatch(
      /Skipped record: .*\ntsmr: Bad records skipped: 1\ntsmr: lines: 1\ntsmr: Done in /,
    );
    expect(JSON.parse(stdout)).toMatchObject({ counters: { lines: 1, "skipped-records": 1 } });
  });

  it("goes on unharmed when nobody reads what it prints any more", async (context) => {
    const folder = newFolder(context);
    folder.write("app.ts", GATED_WORD_COUNT);
    const command = folder.tsmr("run", "app.ts", "a", "b", "--json", "--verbose");
    await command.printed("starts on worker");
    command.closeOutput();
    for (const gate of ["map-a", "map-b", "reduce"]) folder.write(`go-${gate}`, "");
    expect((await command.ended).code).toBe(0);
    expect(readdirSync(folder.path("mr-out"))).toContain("mr-out-9");
  });

  it("takes workers that are started by hand, tells of its state, and is cancelled", async (context) => {
    const folder = newFolder(context);
    folder.write("app.ts", GATED_WORD_COUNT);
    // Others start, for as long as that takes, while its worker waits at a gate.
    const args = ["--split", "1", "-w", "1", "-o", "a dir", "--verbose", "--lease", "600"];
    const run = folder.tsmr("run", "app.ts", "a", "b", ...args);
    await run.printed("starts on worker 1");
    expect(run.stderr).toMatch(
      /^tsmr: More workers can join: npx tsx \S+tsmr\.ts worker app\.ts --dir 'a dir'\n/,
    );
    const worker = folder.tsmr("worker", "app.ts", "--dir", "a dir");
    await run.printed("starts on worker 2");
    const joined = `tsmr: Joined the job of app.ts in "${folder.path("a dir")}" as worker 2 (pid ${worker.pid})\n`;
    await worker.printed(joined);

    const { stdout } = await folder.tsmr("status", "a dir").ended;
    const lines = stdout.split("\n");
    expect(lines[0]).toBe(`job       app.ts in ${folder.path("a dir")}`);
    expect(lines[1]).toMatch(/^state {5}running, map phase, [\d.]+ s$/);
    expect(lines.slice(2, 4)).toEqual([
      "maps      0 of 2 completed, 2 in progress",
      "reduces   0 of 10 completed, 0 in progress",
    ]);
    expect(lines[5]).toBe(`worker 2  pid ${worker.pid}, map task 1, attempt 1`);
    const json = await folder.tsmr("status", "a dir", "--json").ended;
    expect(JSON.parse(json.stdout)).toMatchObject({ state: "running", maps: { inProgress: 2 } });

    folder.write("go-map-a", "");
    await run.printed("map task 0, attempt 1, is completed");
    const cancelled = await folder.tsmr("cancel", "a dir", "--reason", "enough").ended;
    expect([cancelled.code, cancelled.stderr]).toEqual([0, "tsmr: The job is cancelled\n"]);
    expect((await run.ended).code).toBe(1);
    expect(run.stderr).toContain(
      "tsmr.ts run app.ts --split 1 --workers 1 --out 'a dir' --verbose --lease 600 --resume\ntsmr: The job is not complete: enough\n",
    );
    const absent = await folder.tsmr("status", "a dir").ended;
    expect(absent.code).toBe(1);
    expect(absent.stderr).toMatch(
      /^tsmr: No job is running in directory "a dir", but .*--resume .*\n$/,
    );

    for (const gate of ["map-b", "reduce"]) folder.write(`go-${gate}`, "");
    const { stderr: farewell } = await worker.ended;
    expect(farewell.slice(0, joined.length)).toBe(joined);
    expect(farewell.slice(joined.length)).toBe(
      "tsmr: The job was cancelled; this worker has done 0 tasks\n",
    );
    const resumed = await folder.tsmr("run", "app.ts", "--resume", "--out", "a dir", "--merge")
      .ended;
    expect(resumed.code).toBe(0);
    expect(folder.text("a dir/mr-out")).toBe(COUNTS);
  });

  it.skipIf(!hasProc)(
    "ends cleanly on Ctrl-C, and says how to go on (needs /proc)",
    async (context) => {
      const folder = newFolder(context);
      folder.write("app.ts", ENDLESS);
      const first = folder.tsmr("run", "app.ts", "a", "b", "-w", "2", "-r", "1", "-v");
      await first.printed("reduce task 0, attempt 1, starts");
      first.signal("SIGINT");
      const { code, stderr } = await first.ended;
      expect(code).toBe(130);
      expect(stderr).toMatch(
        /tsmr: The job is not complete: interrupted by SIGINT\ntsmr: To go on with it: npx tsx .* run app.ts --workers 2 --reduces 1 --verbose --resume\n$/,
      );
      expect(workersOf(folder)).toEqual([]);
      const left = readdirSync(folder.path("mr-out"));
      expect(left).toContain(".mr-journal");
      expect(left.filter((name) => name.endsWith(".tmp"))).toEqual([]);
    },
  );

  it.skipIf(!hasProc)(
    "says how to begin again where nothing is completed (needs /proc)",
    async (context) => {
      const folder = newFolder(context);
      folder.write("app.ts", `export function map() { for (;;); }${REDUCE}`);
      const first = folder.tsmr("run", "app.ts", "a", "-v");
      await first.printed("map task 0, attempt 1, starts");
      first.signal("SIGINT");
      const { code, stderr } = await first.ended;
      expect(code).toBe(130);
      expect(stderr).toMatch(
        /interrupted by SIGINT\ntsmr: No task was completed: to begin again, give the same command\n$/,
      );
    },
  );

  it("has nothing to go on with in a job that is complete", async (context) => {
    const folder = newFolder(context);
    expect((await folder.tsmr("run", "app.ts", "a", "b").ended).code).toBe(0);
    const { code, stderr } = await folder.tsmr("run", "app.ts", "--resume").ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^tsmr: Cannot resume the job in .*: it is complete already, .*\n$/);
  });

  it("does what could not be done with the output of a job that is complete", async (context) => {
    const folder = newFolder(context);
    folder.write(
      "app.ts",
      `import { mkdirSync } from "node:fs";
      ${MAP}
      export function reduce(_key: string, values: string[]) {
        mkdirSync(process.env["IN_THE_WAY"] ?? "", { recursive: true });
        return String(values.length);
      }`,
    );
    const env = { IN_THE_WAY: folder.path("mr-out/mr-out/x") };
    const args = ["run", "app.ts", "a", "b", "-r", "2", "--merge", "--no-check"];
    const failed = await folder.tsmrWith(env, ...args).ended;
    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(
      /tsmr: To go on with it: npx tsx .* run app.ts --reduces 2 --merge --no-check --resume\ntsmr: The job is complete, but its output is not merged: .*\n$/,
    );
    rmSync(folder.path("mr-out/mr-out"), { recursive: true });
    folder.write("mr-out/.mr-out.merge-1-0.tmp", "half");
    const merged = await folder.tsmr("run", "app.ts", "--merge", "--resume", "--json").ended;
    expect(merged.code).toBe(0);
    expect(folder.text("mr-out/mr-out")).toBe(COUNTS);
    expect(JSON.parse(merged.stdout)).toMatchObject({
      ...{ app: "app.ts", outputs: [folder.path("mr-out/mr-out")], skipped: [] },
      ...{ map: { tasks: 2 }, reduce: { tasks: 2, attempts: 2, records: 3 } },
    });
    expect(readdirSync(folder.path("mr-out")).sort()).toEqual([".mr-events", "mr-out"]);
    const again = await folder.tsmr("run", "app.ts", "--merge", "--top", "1", "--resume").ended;
    expect(again).toMatchObject({ code: 0, stdout: "y 3\n" });
    expect(folder.text("mr-out/mr-out")).toBe(COUNTS);
  });

  it("quotes what it says to type", async (context) => {
    const folder = newFolder(context);
    const { stderr } = await folder.tsmr("run", "app.ts", "a", "b", "--out", "$a dir").ended;
    expect(stderr).toContain("tsmr: To look at it: less '$a dir'/mr-out-*   (--merge");
    const dashed = await folder.tsmr("run", "app.ts", "a", "--out=-x", "-r", "1").ended;
    expect(dashed.stderr).toContain("tsmr: To look at it: less ./-x/mr-out-0\n");
  });

  it("ends at once on a second Ctrl-C, when the first has not ended it yet", async (context) => {
    const folder = newFolder(context);
    const script = `
      import { onSignals } from ${JSON.stringify(ON_SIGNAL)};
      let nowMs = 0;
      performance.now = () => nowMs;
      onSignals((signal) => console.error("first", signal), () => "last\\n");
      let signals = 0;
      process.on("SIGINT", () => {
        signals += 1;
        console.error("signal", signals);
        if (signals === 2) nowMs = 1000;
      });
      setInterval(() => undefined, 1000);
      console.error("ready");
    `;
    folder.write("script.mts", script);
    const command = folder.start(folder.path("script.mts"), []);
    await command.printed("ready");
    command.signalAlone("SIGINT");
    await command.printed("signal 1\n");
    // A signal that comes twice at the same time is one: a program in between may have repeated it.
    command.signalAlone("SIGINT");
    await command.printed("signal 2\n");
    command.signalAlone("SIGINT");
    expect(await command.ended).toMatchObject({
      code: 130,
      stderr: "ready\nfirst SIGINT\nsignal 1\nsignal 2\nlast\n",
    });
  });

  it.skipIf(!hasProc)(
    "is waited for by its worker when it is held up at its start (needs /proc)",
    async (context) => {
      const folder = newFolder(context);
      const command = folder.tsmr("run", "app.ts", "a", "-q", "-w", "1", "--top", "1");
      while (workersOf(folder).length === 0) await sleep(1);
      command.signalAlone("SIGSTOP");
      await sleep(6000);
      command.signalAlone("SIGCONT");
      expect(await command.ended).toMatchObject({ code: 0, stdout: "x 2\n", stderr: "" });
    },
  );

  it.skipIf(!hasProc)(
    "leaves no worker behind when it is killed (needs /proc)",
    async (context) => {
      const folder = newFolder(context);
      folder.write("app.ts", ENDLESS);
      const command = folder.tsmr(
        "run",
        "app.ts",
        "a",
        "b",
        "-w",
        "2",
        "-r",
        "2",
        "-v",
        "--lease",
        "1",
      );
      await command.printed("reduce task 0, attempt 1, starts");
      while (workersOf(folder).length < 2) await sleep(50);
      command.signalAlone("SIGKILL");
      await command.ended;
      while (workersOf(folder).length > 0) await sleep(50);
    },
  );

  it("can be run again after its app was wrong, without clearing up", async (context) => {
    const folder = newFolder(context);
    folder.write("app.ts", MAP.replace("{", '{ throw new Error("not yet");') + REDUCE);
    const failed = await folder.tsmr("run", "app.ts", "a").ended;
    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(/Error: not yet\n.*app\.ts:2:/s);
    expect(failed.stderr).not.toContain("To go on with it");
    // Where in the app, and not where in what has called it.
    expect(failed.stderr).toMatch(/\n {4}at map \(.*app\.ts:2:\d+\)\n$/);
    const verbose = await folder.tsmr("run", "app.ts", "a", "-v", "--attempts", "1").ended;
    expect(verbose.stderr).toMatch(/\n {4}at map \(.*app\.ts:2:\d+\)\n {4}at .*\/src\/mr\/.*:\d+/);
    folder.write("app.ts", MAP + REDUCE);
    expect((await folder.tsmr("run", "app.ts", "a", "--top", "9").ended).stdout).toBe("x 2\ny 1\n");
  });

  it("serves a page to watch the job on with --ui", async (context) => {
    const folder = newFolder(context);
    folder.write("app.ts", GATED_WORD_COUNT);
    const run = folder.tsmr("run", "app.ts", "a", "--ui", "0");
    await run.printed("Watch it at ");
    const [, url = ""] = /Watch it at (http:\/\/127\.0\.0\.1:\d+\/)\n/.exec(run.stderr) ?? [];
    expect((await fetch(`${url}healthz`)).status).toBe(200);
    for (const gate of ["map-a", "reduce"]) folder.write(`go-${gate}`, "");
    expect((await run.ended).code).toBe(0);
  });
});

describe.skipIf(isSkippedFor(NO_SCRIPT))(
  "tsmr run on a terminal (needs Linux and its command script)",
  () => {
    it("shows the job live, with failures and what the app prints above it, and leaves only its end", async (context) => {
      const folder = newFolder(context);
      folder.write(
        "app.ts",
        `${GATED_WORD_COUNT.replace("await gate", "failOnce(file);\n  await gate").replace('await gate("reduce");', "")}
      console.log("from the app");
      function failOnce(file: string): void {
        if (file !== "b" || existsSync("failed")) return;
        writeFileSync("failed", "");
        throw new Error("bad luck");
      }`,
      );
      const command = folder.startOnTerminal(
        ["run", "app.ts", "a", "b", "--split", "1", "-w", "1"],
        120,
        24,
      );
      const screen = new Screen(120, 24);
      let shown: string[] = [];
      command.onOutput((text) => {
        screen.write(text);
        if (screen.lines.some((line) => line.startsWith("worker 1"))) shown = screen.lines;
      });
      folder.write("go-map-a", "");
      // What has been drawn may have come in part.
      const whole =
        /^from the app\ntsmr: map task 1, attempt 1, failed on worker 1 \(pid \d+\): map of app\.ts failed on "b": Error: bad luck\napp\.ts · [\d.]+ s.*\nmaps +\S+ +1\/2, 1 running\nreduces +\S+ +0\/10\nworker 1 +map 1 \(attempt 2\) +[\d.]+ s +b$/;
      while (!whole.test(shown.join("\n"))) await sleep(50);
      expect(screen.isCursorHidden).toBe(true);
      folder.write("go-map-b", "");
      expect(await command.code).toBe(0);
      expect(screen.isCursorHidden).toBe(false);
      expect(screen.lines.slice(-2).join("\n")).toMatch(
        /^tsmr: Done in [\d.]+ s: the output is in mr-out\/mr-out-\*\ntsmr: To look at it: .+$/,
      );
      expect(screen.lines.filter((line) => line.startsWith("maps"))).toEqual([]);
    });

    for (const [title, terminal] of [
      ["says that it is a dumb one", "dumb"],
      ["does not say what it is", null],
    ] as const) {
      it(`shows the job in plain lines where the terminal ${title}`, async (context) => {
        const folder = newFolder(context);
        folder.write("app.ts", GATED_WORD_COUNT);
        const args = ["run", "app.ts", "a", "-w", "1"];
        const command = folder.startOnTerminal(args, 120, 24, terminal);
        let shown = "";
        command.onOutput((text) => {
          shown += text;
          if (/tsmr: 0 of 1 map,|maps .* 0\/1/.test(shown)) folder.write("go-map-a", "");
        });
        folder.write("go-reduce", "");
        expect(await command.code).toBe(0);
        expect(shown).toMatch(/^tsmr: 0 of 1 map, 0 of 10 reduces, [\d.]+ s\r$/m);
        expect(shown).not.toContain("\x1b");
      });
    }
  },
);
