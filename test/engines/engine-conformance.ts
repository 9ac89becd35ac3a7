import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { JobCancelledError, JobFailedError } from "../../src/mr/base/errors.ts";
import { type RunJobOptions, runJob, startJob } from "../../src/mr/engines/run-job.ts";
import type { JobEvent } from "../../src/mr/job/events.ts";
import { MAP, REDUCE } from "../support/apps.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

/** Counts words and lines; fails on words that say so, and cannot do without a setting that one asks for. */
const RECORD_APP = `
  import { defineApp, lines, UsageError, words } from "tsmr";
  export default defineApp({
    input: lines(),
    map(line, emit, { counters }) {
      counters.add("lines");
      for (const word of words(line)) {
        const text = word.toString();
        if (text === "bad") throw new Error("a bad word");
        if (text === "usage") throw new UsageError("Set LANGUAGE");
        emit(text, 1);
      }
    },
    reduce(key, counts) {
      let sum = 0;
      for (const count of counts) sum += count;
      if (key === "awful") throw new Error("an awful word");
      return sum;
    },
  });`;

/** One job in a directory of its own, run by an engine. */
class Setup {
  readonly directory = temporaryDirectory();
  readonly options: RunJobOptions;

  constructor(
    engine: NonNullable<RunJobOptions["engine"]>,
    app: string,
    inputs: readonly string[],
  ) {
    writeFileSync(this.path("app.ts"), app);
    for (const [index, text] of inputs.entries()) writeFileSync(this.path(`${index}.txt`), text);
    this.options = {
      engine,
      app: this.path("app.ts"),
      inputs: inputs.map((_, index) => this.path(`${index}.txt`)),
      out: this.path("out"),
      workers: 2,
      reduces: 3,
      attempts: 1,
      check: false,
    };
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  /** The results, by name. */
  results(): Record<string, string> {
    const out = this.path("out");
    const names = existsSync(out) ? readdirSync(out).sort() : [];
    const results = names.filter((name) => name.startsWith("mr-out"));
    return Object.fromEntries(results.map((name) => [name, readFileSync(join(out, name), "utf8")]));
  }
}

/**
 * What every engine does, byte for byte and code for code. An engine's own test file calls this.
 *
 * @param engine its name in the registry
 */
export function testEngine(engine: NonNullable<RunJobOptions["engine"]>): void {
  const setup = (app: string, ...inputs: string[]) => new Setup(engine, app, inputs);

  describe(`engine ${engine}`, () => {
    it("writes the output of an app in the classic form, by the lab's hash", async () => {
      const job = setup(MAP + REDUCE, "x y \u{1F600} x", "y \uFF5E __proto__");
      const { outputs, counters, skipped, elapsedMs } = await runJob(job.options);
      expect(outputs).toEqual([0, 1, 2].map((reduce) => job.path(`out/mr-out-${reduce}`)));
      expect(job.results()).toEqual({
        "mr-out-0": "__proto__ 1\n",
        "mr-out-1": "x 2\n",
        "mr-out-2": "y 2\n\uFF5E 1\n\u{1F600} 1\n",
      });
      expect([counters, skipped]).toEqual([{}, []]);
      expect(elapsedMs).toBeGreaterThan(0);
    });

    it("writes the output of an app in the record form, and adds up its counters", async () => {
      const job = setup(RECORD_APP, "to be or\nnot to be\n", "to do", "");
      const { counters } = await runJob(job.options);
      expect(Object.values(job.results()).join("").split("\n").sort()).toEqual([
        "",
        "be 2",
        "do 1",
        "not 1",
        "or 1",
        "to 3",
      ]);
      expect(Object.keys(job.results())).toEqual(["mr-out-0", "mr-out-1", "mr-out-2"]);
      expect(counters).toEqual({ lines: 3 });
    });

    it("tells what happens, from jobStarted to jobEnded", async () => {
      const job = setup(RECORD_APP, "to be", "or not");
      const events: JobEvent[] = [];
      const running = startJob(job.options);
      for await (const event of running.events) events.push(event);
      await running.result;
      const types = events.map(({ type }) => type);
      expect([types[0], types.at(-1)]).toEqual(["jobStarted", "jobEnded"]);
      expect(events[0]).toMatchObject({ directory: job.path("out"), resumed: false });
      expect(events.at(-1)).toMatchObject({ outcome: { state: "completed" } });
      expect(events.filter(({ type }) => type === "jobPlanned").at(-1)).toMatchObject({
        app: "app.ts",
        reduces: 3,
      });
      const completed = events.filter(({ type }) => type === "attemptCompleted");
      expect(
        completed.filter((event) => "phase" in event && event.phase === "reduce"),
      ).toHaveLength(3);
      expect(events.filter(({ type }) => type === "phaseStarted")).toMatchObject([
        { phase: "reduce" },
      ]);
      const times = events.map(({ atMs }) => atMs);
      expect(times).toEqual([...times].sort((a, b) => a - b));
    });

    it("F22 skips records and keys that the app throws on, and says which, if it is told to", async () => {
      const job = setup(RECORD_APP, "to be\nbad to\nor awful\n");
      const { counters, skipped } = await runJob({ ...job.options, skipBadRecords: true });
      expect(Object.values(job.results()).join("").split("\n").sort()).toEqual([
        "",
        "be 1",
        "or 1",
        "to 1",
      ]);
      expect(counters).toEqual({ lines: 3, "skipped-records": 2 });
      expect(skipped).toEqual([
        { file: job.path("0.txt"), place: "byte 6", reason: "Error: a bad word" },
        { place: 'key "awful"', reason: "Error: an awful word" },
      ]);
    });

    it("F22 lists the first 100 skipped records of each task, and counts all", async () => {
      const job = setup(RECORD_APP, "bad\n".repeat(101), "bad\n".repeat(99));
      const options = { ...job.options, skipBadRecords: true, maxBadRecords: 200 };
      const { counters, skipped } = await runJob(options);
      expect(counters).toMatchObject({ "skipped-records": 200 });
      const files = skipped.map(({ file }) => file);
      expect(files.filter((file) => file === job.path("0.txt"))).toHaveLength(100);
      expect(files.filter((file) => file === job.path("1.txt"))).toHaveLength(99);
    });

    it("F22 fails a job whose app throws, with the stack of the app, and leaves no result of a task that failed", async () => {
      for (const text of ["bad", "awful"]) {
        const job = setup(RECORD_APP, text);
        // Other reduce tasks may have written theirs before the job fails.
        const error = await runJob({ ...job.options, reduces: 1 }).catch(
          (thrown: unknown) => thrown,
        );
        expect(error).toBeInstanceOf(JobFailedError);
        expect(error).toMatchObject({ code: "APP_THREW" });
        expect((error as JobFailedError).message).toContain(`${text} word`);
        expect((error as JobFailedError).appStack).toContain("app.ts");
        expect(job.results()).toEqual({});
      }
    });

    it("F22 leaves only whole results of other tasks when a reduce task fails", async () => {
      const text = "to be or not to be awful";
      const whole = setup(RECORD_APP, text);
      await runJob({ ...whole.options, skipBadRecords: true });
      const job = setup(RECORD_APP, text);
      await expect(runJob(job.options)).rejects.toMatchObject({ code: "APP_THREW" });
      const left = Object.entries(job.results());
      expect(left.length).toBeLessThan(3);
      expect(whole.results()).toMatchObject(Object.fromEntries(left));
      // They belong to a job that is not complete, and no other job may take them for its own.
      if (left.length > 0) {
        await expect(runJob(job.options)).rejects.toMatchObject({ code: "OUTPUT_EXISTS" });
      }
    });

    it("ends a job with a UsageError of its app, whatever may be skipped", async () => {
      const job = setup(RECORD_APP, "usage");
      const events: JobEvent[] = [];
      const onEvent = (event: JobEvent) => events.push(event);
      const failing = runJob({ ...job.options, skipBadRecords: true, attempts: 4, onEvent });
      await expect(failing).rejects.toMatchObject({ name: "JobFailedError", code: "USAGE" });
      expect(events.at(-1)).toMatchObject({
        outcome: { state: "failed", failure: { code: "USAGE" } },
      });
      expect(events.filter(({ type }) => type === "attemptStarted").length).toBeLessThanOrEqual(1);
    });

    it.each([
      ["INPUT_NOT_FOUND", "an input is missing", MAP + REDUCE, { inputs: ["nowhere.txt"] }],
      ["APP_NOT_FOUND", "there is no such app", MAP + REDUCE, { app: "nowhere.ts" }],
      ["APP_NOT_COMPILED", "the app does not compile", "export function {", {}],
      ["APP_INVALID", "the app has no reduce", MAP, {}],
      ["APP_NOT_LOADED", "the app throws when it is loaded", 'throw new Error("no");', {}],
      ["USAGE", "an option makes no sense", MAP + REDUCE, { reduces: 0 }],
    ] as const)(
      "refuses a job with %s when %s, and makes nothing",
      async (code, _what, app, given) => {
        const job = setup(app, "x");
        await expect(runJob({ ...job.options, ...given })).rejects.toMatchObject({ code });
        expect(readdirSync(job.directory).sort()).toEqual(["0.txt", "app.ts"]);
      },
    );

    it("F14 refuses a directory with results of an earlier job, and leaves them as they are", async () => {
      const job = setup(MAP + REDUCE, "x");
      mkdirSync(job.path("out"));
      writeFileSync(job.path("out/mr-out-7"), "earlier");
      await expect(runJob(job.options)).rejects.toMatchObject({ code: "OUTPUT_EXISTS" });
      expect(job.results()).toEqual({ "mr-out-7": "earlier" });
    });

    it("ends a job that is cancelled before it begins, and makes nothing", async () => {
      const job = setup(MAP + REDUCE, "x");
      const signal = AbortSignal.abort(new Error("no time"));
      const error = await runJob({ ...job.options, signal }).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(JobCancelledError);
      expect(error).toMatchObject({
        code: "JOB_CANCELLED",
        reason: "no time",
        cause: signal.reason,
      });
      expect(readdirSync(job.directory)).not.toContain("out");
    });

    it("ends a job that is cancelled while a task runs, and leaves no results", async () => {
      const wait = MAP.replace("export function map", "export async function map").replace(
        "{",
        "{ await new Promise((resolve) => setTimeout(resolve, 100));",
      );
      const job = setup(wait + REDUCE, "x", "y");
      const running = startJob(job.options);
      for await (const event of running.events) {
        if (event.type === "attemptStarted") running.cancel("lunch");
        if (event.type !== "jobEnded") continue;
        expect(event.outcome).toEqual({ state: "cancelled", reason: "lunch" });
      }
      await expect(running.result).rejects.toMatchObject({
        code: "JOB_CANCELLED",
        reason: "lunch",
      });
      expect(job.results()).toEqual({});
    });

    it("ends a job whose listener throws, and not the process", async () => {
      const job = setup(MAP + REDUCE, "x");
      const cause = new Error("a bug of the listener's");
      const onEvent = ({ type }: JobEvent) => {
        if (type === "attemptStarted") throw cause;
      };
      const failing = runJob({ ...job.options, onEvent });
      await expect(failing).rejects.toMatchObject({ code: "JOB_CANCELLED", cause });
      await sleep(0);
      expect(job.results()).toEqual({});
    });
  });
}
