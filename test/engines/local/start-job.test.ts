// Tests src/mr/engines: startJob and runJob.

import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { JobCancelledError, MrError } from "../../../src/mr/base/errors.ts";
import { EventQueue } from "../../../src/mr/engines/event-queue.ts";
import { type RunJobOptions, runJob, startJob } from "../../../src/mr/engines/run-job.ts";
import type { JobEvent } from "../../../src/mr/job/events.ts";
import { MAP, REDUCE } from "../../support/apps.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

let home: string;
let options: RunJobOptions;
beforeEach(() => {
  home = temporaryDirectory();
  writeFileSync(join(home, "a"), "x y x");
  writeFileSync(join(home, "app.ts"), MAP + REDUCE);
  const out = join(home, "out");
  options = { app: join(home, "app.ts"), inputs: [join(home, "a")], out, workers: 1, reduces: 2 };
});

/** An app that can't do without a setting, which nobody gives it. */
const SETTING = `import { setting, UsageError } from "tsmr";
  if (setting("NO_SUCH_NAME") === undefined) throw new UsageError("Set NO_SUCH_NAME");`;

/** An app whose map never ends. */
function writeEndlessApp(): void {
  writeFileSync(join(home, "app.ts"), `export function map() { for (;;); } ${REDUCE}`);
}

async function typesOf(events: AsyncIterable<JobEvent>): Promise<string[]> {
  const types: string[] = [];
  for await (const { type } of events) types.push(type);
  return types;
}

describe("startJob", () => {
  it("tells everything that happens, also to one who reads it when the job is over", async () => {
    const seen: string[] = [];
    const job = startJob({ ...options, onEvent: ({ type }) => seen.push(type) });
    const { outputs } = await job.result;
    const types = await typesOf(job.events);
    expect(types).toEqual(seen);
    // Without its app, and with it.
    expect(types.filter((type) => type === "jobPlanned")).toHaveLength(2);
    expect([types[0], types.at(-1)]).toEqual(["jobStarted", "jobEnded"]);
    expect(types.filter((type) => type === "attemptCompleted")).toHaveLength(3);
    expect(outputs).toEqual([join(home, "out/mr-out-0"), join(home, "out/mr-out-1")]);
  });

  it("cancels a job that computes for ever, and leaves nothing behind", async () => {
    writeEndlessApp();
    const job = startJob(options);
    for await (const { type } of job.events) if (type === "attemptStarted") break;
    job.cancel("seen enough");
    await expect(job.result).rejects.toMatchObject({
      code: "JOB_CANCELLED",
      reason: "seen enough",
    });
    // Nothing was completed, so there is nothing to go on with, and the same call may be made again.
    expect(readdirSync(join(home, "out"))).toEqual([".mr-events"]);
    job.cancel();
  });

  it("ends the events without an error when the job cannot begin, and says why in its result", async () => {
    const job = startJob({ ...options, inputs: [join(home, "nope")] });
    expect(await typesOf(job.events)).toEqual([]);
    await expect(job.result).rejects.toBeInstanceOf(MrError);
  });
});

describe("runJob", () => {
  it.each<[option: keyof RunJobOptions, value: unknown, allowed: string]>([
    ["memoryBytes", 160 * 2 ** 20 - 1, "a whole number of at least 167772160"],
    ["memoryBytes", Number.NaN, "a whole number of at least 167772160"],
    ["workers", 0, "a whole number from 1 to 1000"],
    ["workers", "2", "a whole number from 1 to 1000"],
    ["reduces", 1.5, "a whole number from 1 to 100000"],
    ["attempts", 101, "a whole number from 1 to 100"],
    ["splitBytes", 0, "a whole number of at least 1"],
    ["leaseMs", 99, "a number from 100 to 86400000"],
    ["taskTimeoutMs", Number.NaN, "a number of at least 100"],
  ])("refuses %s: %s before it makes anything", async (option, value, allowed) => {
    const message = `Cannot run a job with ${option} ${value}: it must be ${allowed}`;
    const refused = { code: "USAGE", message };
    await expect(runJob({ ...options, [option]: value })).rejects.toMatchObject(refused);
    expect(readdirSync(home).sort()).toEqual(["a", "app.ts"]);
  });

  it.each<[option: keyof RunJobOptions, value: unknown, what: string]>([
    ["app", undefined, "the path or the name of an app"],
    ["inputs", "a", "an array of paths and patterns"],
    ["inputs", ["a", 1], "an array of paths and patterns"],
    ["out", 3, "the path of a directory"],
    ["out", "", "the path of a directory"],
    ["signal", 5, "an AbortSignal"],
    ["signal", {}, "an AbortSignal"],
    ["onEvent", 5, "a function"],
    ["onOutput", "x", "a function"],
    ["log", true, "a function"],
    ["keep", 1, "true or false"],
    ["backups", 0, "true or false"],
    ["check", "no", "true or false"],
    ["resume", null, "true or false"],
    ["skipBadRecords", "yes", "true or false"],
  ])("refuses %s: %s", async (option, value, what) => {
    const refused = { code: "USAGE", message: `Cannot run a job: ${option} must be ${what}` };
    await expect(runJob({ ...options, [option]: value })).rejects.toMatchObject(refused);
    const { result } = startJob({ ...options, [option]: value });
    await expect(result).rejects.toMatchObject(refused);
    expect(readdirSync(home).sort()).toEqual(["a", "app.ts"]);
  });

  it("refuses an option that there is not, and names the one that is meant", async () => {
    const misspelt = { ...options, wrokers: 2 };
    const message = 'Cannot run a job: there is no option "wrokers" (did you mean "workers"?)';
    await expect(runJob(misspelt)).rejects.toMatchObject({ code: "USAGE", message });
  });

  it("refuses an engine that there is not, and names those that there are", async () => {
    const misspelt = { ...options, engine: "locl" } as unknown as RunJobOptions;
    const message = "Cannot run a job: engine must be one of local or sequential";
    await expect(runJob(misspelt)).rejects.toMatchObject({ code: "USAGE", message });
  });

  it("fails a job whose workers die too often, with a code of its own", async () => {
    const map = MAP.replace("{", '{ process.kill(process.pid, "SIGKILL");');
    writeFileSync(join(home, "app.ts"), map + REDUCE);
    const failing = runJob({ ...options, attempts: 100, check: false });
    await expect(failing).rejects.toMatchObject({ code: "WORKERS_LOST" });
  });

  it("refuses options that are none", async () => {
    const none = null as unknown as RunJobOptions;
    await expect(runJob(none)).rejects.toMatchObject({ code: "USAGE" });
    const { events, result } = startJob(none);
    await expect(result).rejects.toMatchObject({ code: "USAGE" });
    expect(await typesOf(events)).toEqual([]);
  });

  it.each(["jobStarted", "attemptStarted", "attemptCompleted"])(
    "ends the job when its listener throws on %s, and not the process",
    async (type) => {
      const bug = new Error("a bug of the listener's");
      let calls = 0;
      const onEvent = (event: JobEvent) => {
        calls += event.type === type ? 1 : 0;
        if (event.type === type) throw bug;
      };
      const error = await runJob({ ...options, onEvent }).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(JobCancelledError);
      expect(error).toMatchObject({
        message: "The job is not complete: onEvent has thrown: a bug of the listener's",
        cause: bug,
      });
      expect(calls).toBe(1);
    },
  );

  it("tells of a listener that throws on the end of a job, which is complete then", async () => {
    const bug = new Error("a bug of the listener's");
    const onEvent = ({ type }: JobEvent) => {
      if (type === "jobEnded") throw bug;
    };
    const error = await runJob({ ...options, onEvent }).catch((caught: unknown) => caught);
    expect(error).toMatchObject({
      code: "LISTENER_THREW",
      cause: bug,
    });
    expect(readdirSync(join(home, "out")).sort()).toEqual([".mr-events", "mr-out-0", "mr-out-1"]);
  });

  it("ends the job when one who takes what the app prints throws", async () => {
    writeFileSync(
      join(home, "app.ts"),
      MAP.replace("{", '{ console.log("hello"); for (;;);') + REDUCE,
    );
    const onOutput = () => {
      throw new Error("full");
    };
    const failing = runJob({ ...options, onOutput, check: false });
    const cause = expect.objectContaining({ message: "full" });
    await expect(failing).rejects.toMatchObject({ code: "JOB_CANCELLED", cause });
  });

  it("ends a job that another coordinator has gone on with, and leaves its directory alone", async () => {
    const out = join(home, "out");
    const journal = join(out, ".mr-journal");
    /** A file that a worker of the other one writes. */
    const theirs = ".mr-1-0.0123abcd-2-1.tmp";
    const told: string[] = [];
    const onEvent = ({ type }: JobEvent) => {
      told.push(type);
      // As a coordinator does whom the lock does not reach, on another machine.
      if (type !== "attemptStarted") return;
      writeFileSync(journal, readFileSync(journal), { flag: "a" });
      writeFileSync(join(out, theirs), "");
    };
    await expect(runJob({ ...options, onEvent })).rejects.toMatchObject({ code: "LOG_TAKEN" });
    expect(told).not.toContain("attemptCompleted");
    expect(told).not.toContain("jobEnded");
    const files = [".mr-journal", theirs, "mr-0-0", "mr-0-1"];
    expect(readdirSync(out)).toEqual(expect.arrayContaining(files));
  });

  it("F61 leaves an empty directory alone that has taken the place of its own before a task was run", async () => {
    const out = join(home, "out");
    const job = startJob({
      ...options,
      onEvent({ type }) {
        if (type !== "jobStarted") return;
        renameSync(out, join(home, "moved"));
        mkdirSync(out);
        job.cancel("enough");
      },
    });
    await expect(job.result).rejects.toThrow(JobCancelledError);
    expect(readdirSync(out)).toEqual([]);
  });

  it("listens once for the end of the process, however many jobs there are", async () => {
    const before = process.listenerCount("exit");
    const jobs = Array.from({ length: 3 }, (_, job) => {
      return startJob({ ...options, out: join(home, `out-${job}`) });
    });
    let most = 0;
    await Promise.all(
      jobs.map(async ({ events }) => {
        for await (const _ of events) most = Math.max(most, process.listenerCount("exit"));
      }),
    );
    expect(most).toBe(before + 1);
    expect(process.listenerCount("exit")).toBeLessThanOrEqual(before + 1);
  });

  it("takes the least memory that is documented, and undefined for an option that is not given", async () => {
    const least = { memoryBytes: 160 * 2 ** 20, taskTimeoutMs: Infinity, splitBytes: undefined };
    const { outputs } = await runJob({ ...options, ...least } as unknown as RunJobOptions);
    expect(outputs).toHaveLength(2);
  });

  it.each([
    ["exports nothing", "export const one = 1;", "APP_INVALID"],
    ["throws while it is loaded", 'throw new Error("no licence");', "APP_NOT_LOADED"],
    [
      "needs more reduce tasks",
      `import { defineApp, lines, rangePartition } from "tsmr";
       export default defineApp({
         input: lines(), map() {}, reduce() {}, partition: rangePartition(["b", "c"])
       });`,
      "USAGE",
    ],
    ["lacks a setting", SETTING, "USAGE"],
  ])("leaves nothing behind where the app %s, and so nothing began", async (_, text, code) => {
    writeFileSync(join(home, "app.ts"), text);
    const out = join(home, "new/out");
    await expect(runJob({ ...options, out })).rejects.toMatchObject({ code });
    expect(readdirSync(home).sort()).toEqual(["a", "app.ts"]);
    // What was there before stays as it was, the log of an earlier job included.
    mkdirSync(out, { recursive: true });
    writeFileSync(join(out, ".mr-events"), "earlier\n");
    writeFileSync(join(out, "notes"), "");
    await expect(runJob({ ...options, out })).rejects.toMatchObject({ code });
    expect(readdirSync(out).sort()).toEqual([".mr-events", "notes"]);
    expect(readFileSync(join(out, ".mr-events"), "utf8")).toBe("earlier\n");
  });

  it("leaves the log of a job in which attempts failed", async () => {
    writeFileSync(
      join(home, "app.ts"),
      `export function map() { throw new Error("no"); } ${REDUCE}`,
    );
    const failing = runJob({ ...options, attempts: 1 });
    await expect(failing).rejects.toMatchObject({ code: "APP_THREW" });
    expect(readdirSync(join(home, "out"))).toEqual([".mr-events"]);
  });

  it("has all its workers soon, where a small input takes long", async () => {
    const begun = join(home, "begun");
    mkdirSync(begun);
    // Nobody is done before three are at it.
    const map = `import { readdirSync, writeFileSync } from "node:fs";
      export async function map() {
        writeFileSync(${JSON.stringify(begun)} + "/" + process.pid, "");
        while (readdirSync(${JSON.stringify(begun)}).length < 3) {
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
        return [];
      }`;
    writeFileSync(join(home, "app.ts"), map + REDUCE);
    const file = join(home, "a");
    // The first waits for as long as the others take to start.
    const settings = { workers: 3, reduces: 1, leaseMs: 600_000 };
    await runJob({ ...options, inputs: [file, file, file], ...settings });
    expect(readdirSync(begun)).toHaveLength(3);
  });

  it("honours a signal, before it begins and after, and gives its reason as the cause", async () => {
    const reason = new Error("no more time");
    const early = runJob({ ...options, signal: AbortSignal.abort(reason) });
    await expect(early).rejects.toMatchObject({ name: "JobCancelledError", cause: reason });
    expect(readdirSync(home)).not.toContain("out");

    writeEndlessApp();
    const abort = new AbortController();
    const late = runJob({
      ...options,
      signal: abort.signal,
      onEvent: ({ type }) => type === "attemptStarted" && abort.abort(reason),
    });
    const error = await late.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(JobCancelledError);
    expect(error).toMatchObject({
      message: "The job is not complete: no more time",
      cause: reason,
    });
  });

  it("gives what the app prints to one who asks for it", async () => {
    writeFileSync(
      join(home, "app.ts"),
      `console.log("hello"); console.warn("you");${MAP}${REDUCE}`,
    );
    let printed = "";
    await runJob({ ...options, onOutput: (text) => (printed += text) });
    expect(printed.split("\n").sort()).toEqual(["", "hello", "you"]);
  });

  it("gives the last of what the app prints as well, though the workers have ended", async () => {
    const line = "x".repeat(60_000);
    const farewell = `process.on("exit", () => console.log("${line}"));`;
    writeFileSync(join(home, "app.ts"), `${farewell}${MAP}${REDUCE}`);
    for (let job = 0; job < 5; job++) {
      let printed = "";
      const out = join(home, `out-${job}`);
      await runJob({ ...options, out, check: false, onOutput: (text) => (printed += text) });
      expect(printed).toBe(`${line}\n`);
    }
  });
});

describe("a stream of events", () => {
  const progressed = (task: number, records: number): JobEvent => ({
    type: "attemptProgressed",
    phase: "map",
    ...{ task, attempt: 1, worker: 1, atMs: records },
    progress: { records, bytes: 0, cpuMs: 0 },
  });
  const joined = (worker: number): JobEvent => ({ type: "workerJoined", worker, pid: 1, atMs: 0 });

  it("keeps of an attempt's progress only the last, at its place in time", async () => {
    const stream = new EventQueue();
    for (let records = 1; records <= 1000; records++) {
      stream.push(progressed(0, records));
      stream.push(progressed(1, -records));
      if (records === 999) stream.push(joined(1));
    }
    stream.end();
    const events: JobEvent[] = [];
    for await (const event of stream) events.push(event);
    expect(events).toEqual([joined(1), progressed(0, 1000), progressed(1, -1000)]);
  });

  it("serves readers that wait, and those that come late, in order", async () => {
    const stream = new EventQueue();
    const waiting = [stream.next(), stream.next()];
    for (const worker of [1, 2, 3]) stream.push(joined(worker));
    expect((await Promise.all(waiting)).map(({ value }) => value)).toEqual([joined(1), joined(2)]);
    expect((await stream.next()).value).toEqual(joined(3));
    const last = stream.next();
    stream.push(joined(4));
    expect((await last).value).toEqual(joined(4));
    const none = stream.next();
    stream.end();
    stream.push(joined(5));
    expect(await none).toEqual({ done: true, value: undefined });
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  it("keeps nothing for a reader who has left", async () => {
    const stream = new EventQueue();
    stream.push(joined(1));
    stream.push(joined(2));
    for await (const event of stream) if (event) break;
    stream.push(joined(3));
    expect((await stream.next()).done).toBe(true);
  });

  it("takes time in proportion to the number of events that wait", async () => {
    const stream = new EventQueue();
    for (let worker = 0; worker < 200_000; worker++) stream.push(joined(worker));
    for (let worker = 0; worker < 200_000; worker++) {
      expect((await stream.next()).value?.type).toBe("workerJoined");
    }
  });
});
