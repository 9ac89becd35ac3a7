// Tests mrcoordinator --resume after a coordinator was killed.

import {
  appendFileSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { decodeRecords } from "../../src/mr/control/log/file-job-log.ts";
import { replay } from "../../src/mr/control/log/job-log.ts";
import { JOB_LOG_NAME } from "../../src/mr/job/names.ts";
import { Job, sleep } from "../support/job.ts";
import type { Command } from "../support/processes.ts";

const INPUTS = ["a.txt", "b.txt", "c.txt", "d.txt"];
/** Workers wait at gates, for as long as coordinators take to start. */
const LEASE = ["--lease", "600"];
const ARGS = ["-r", "3", ...LEASE, ...INPUTS];

/**
 * A word count that leaves a line in `runs` for every file that it begins to work on, and then waits for a file
 * `go-` with that name. The keys of the first reduce task wait for `go-reduce`, others for `go`, which opens
 * all gates.
 */
const APP = `
  import { appendFileSync, existsSync } from "node:fs";
  import { setTimeout as sleep } from "node:timers/promises";
  const FIRST_KEYS = ["six", "c.txt"];
  async function gate(name) {
    while (!existsSync("go") && !existsSync("go-" + name)) await sleep(10);
  }
  export async function map(file, contents) {
    appendFileSync("runs", "map " + file + "\\n");
    await gate(file);
    return contents.split(" ").map((key) => ({ key, value: "1" }));
  }
  export async function reduce(key, values) {
    await gate(FIRST_KEYS.includes(key) ? "reduce" : "others");
    return String(values.length);
  }
`;
const WITHOUT_GATES = APP.replace("while (", "while (false && ");

let job: Job;
let app: string;
beforeEach(() => {
  job = new Job();
  for (const input of INPUTS) job.write(input, `one two three four five six ${input}`);
  app = job.writeApp(APP);
});
afterEach(() => job.end());

function journalState() {
  return replay(decodeRecords(readFileSync(job.path(JOB_LOG_NAME))).records);
}

/** How often a map has been begun on each input. */
function mapRuns(): Record<string, number> {
  const runs = job.files().includes("runs")
    ? readFileSync(job.path("runs"), "utf8").split("\n")
    : [];
  const count = (input: string) => runs.filter((run) => run === `map ${input}`).length;
  return Object.fromEntries(INPUTS.map((input) => [input, count(input)]));
}

async function expectExactOutput(): Promise<void> {
  // The oracle's own runs do not count.
  const elsewhere = new Job();
  try {
    for (const input of INPUTS) elsewhere.write(input, readFileSync(job.path(input)));
    const oracle = await elsewhere.oracle(
      elsewhere.path(elsewhere.writeApp(WITHOUT_GATES)),
      ...INPUTS,
    );
    expect(job.output()).toBe(oracle);
  } finally {
    await elsewhere.end();
  }
  expect(job.temporaryFiles()).toEqual([]);
}

/** Starts a worker that waits for a coordinator for as long as that takes to start. */
function patientWorker(): Command {
  return job.worker(app, "--wait", "600");
}

/** Lets maps of some inputs end, and the first reduce task where wanted. */
function open(inputs: readonly string[], reduces = 0): void {
  for (const input of inputs) job.write(`go-${input}`, "");
  if (reduces > 0) job.write("go-reduce", "");
}

/** Goes on with the job, in which nobody waits at a gate any more. */
async function resume(...args: string[]): Promise<Command> {
  job.write("go", "");
  return await job.ready("--resume", ...LEASE, ...args);
}

/** Runs the job to its end. */
async function complete(): Promise<void> {
  job.write("go", "");
  const coordinator = await job.ready(...ARGS);
  job.worker(app);
  expect((await coordinator.ended).code).toBe(0);
}

/** Runs the job until so many tasks are completed, and kills the coordinator, but not the worker. */
async function killedAfter(maps: number, reduces = 0): Promise<Command> {
  open(INPUTS.slice(0, maps), reduces);
  const coordinator = await job.ready(...ARGS);
  const worker = patientWorker();
  await job.statusWhen((s) => s.maps.completed === maps && s.reduces.completed === reduces);
  await coordinator.kill();
  return worker;
}

describe("a job whose coordinator is killed", () => {
  it("F4 is continued with --resume, by the same workers, and runs no finished task again", async () => {
    let coordinator = await job.ready(...ARGS);
    const workers = [patientWorker(), patientWorker()];
    // What waits at a gate when the coordinator is killed is run again, and nothing else.
    for (const [maps, reduces, runs] of [
      [1, 0, [1, 1, 1, 0]],
      [3, 0, [1, 2, 2, 1]],
      [4, 1, [1, 2, 2, 2]],
    ] as const) {
      open(INPUTS.slice(0, maps), reduces);
      await job.statusWhen((s) => s.maps.completed === maps && s.reduces.completed === reduces);
      while (Object.values(mapRuns()).join() < runs.join()) await sleep(20);
      expect(Object.values(mapRuns())).toEqual(runs);
      await coordinator.kill();
      coordinator = await job.ready("--resume", ...LEASE);
      expect(coordinator.stderr).toContain("Going on with the job of app.ts");
    }
    job.write("go", "");
    const { code, stderr } = await coordinator.ended;
    expect(Object.values(mapRuns())).toEqual([1, 2, 2, 2]);
    expect(stderr).not.toContain("failed");
    expect(code).toBe(0);
    for (const worker of workers) expect((await worker.ended).code).toBe(0);
    await expectExactOutput();
  });

  it("F4 drops a last record that was cut short", async () => {
    await killedAfter(2);
    appendFileSync(job.path(JOB_LOG_NAME), '0123abcd {"type":"comple');
    const coordinator = await resume("-r", "3", ...INPUTS);
    expect((await coordinator.ended).code).toBe(0);
    expect(journalState().outcome).toEqual({ state: "completed" });
    await expectExactOutput();
  });

  it("F4 runs a finished task again whose output has vanished meanwhile", async () => {
    await killedAfter(4, 1);
    const runsBefore = mapRuns();
    rmSync(job.path("mr-1-0"));
    truncateSync(job.path("mr-2-1"), 3);
    for (const name of job.files()) if (name.startsWith("mr-out-")) rmSync(job.path(name));
    const coordinator = await resume();
    expect((await coordinator.ended).code).toBe(0);
    const again = INPUTS.map((input) => (mapRuns()[input] ?? 0) - (runsBefore[input] ?? 0));
    expect(again).toEqual([0, 1, 1, 0]);
    await expectExactOutput();
  });

  it("F4 runs a finished reduce task again whose result was corrupted meanwhile", async () => {
    await killedAfter(4, 1);
    const done = journalState().completed.find(({ phase }) => phase === "reduce");
    const path = job.path(`mr-out-${done?.task}`);
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.fill("Z", 0, 4));
    const coordinator = await resume();
    expect((await coordinator.ended).code).toBe(0);
    await expectExactOutput();
  });

  it("F4 goes on after it was interrupted, or has failed", async () => {
    open(INPUTS.slice(0, 1));
    const coordinator = await job.ready(...ARGS);
    job.worker(app);
    await job.statusWhen((status) => status.maps.completed === 1);
    coordinator.signal("SIGINT");
    const interrupted = await coordinator.ended;
    expect(interrupted.code).toBe(130);
    expect(interrupted.stderr).toContain("mrcoordinator --resume");
    const resumed = await resume();
    job.worker(app);
    expect((await resumed.ended).code).toBe(0);
    await expectExactOutput();
  });

  it("F5 is finished again without harm", async () => {
    await complete();
    const results = job.output();
    const journal = readFileSync(job.path(JOB_LOG_NAME), "utf8");
    const again = await job.coordinator("--resume").ended;
    expect(again.code).toBe(0);
    // It dies when all tasks are completed, before it has noted that the job is.
    const lines = journal.trimEnd().split("\n");
    job.write(JOB_LOG_NAME, `${lines.slice(0, -1).join("\n")}\n`);
    const once = await job.coordinator("--resume").ended;
    expect(once.code).toBe(0);
    expect(job.output()).toBe(results);
    await expectExactOutput();
  });
});

describe("a journal that is not this job's", () => {
  async function expectRefusal(reason: RegExp, ...args: string[]): Promise<void> {
    const { code, stderr } = await job.coordinator("--resume", ...args).ended;
    expect(stderr).toMatch(reason);
    expect(code).toBe(1);
  }

  it("F4 is refused when it is missing, damaged, or its inputs are others", async () => {
    await expectRefusal(/Cannot resume from journal ".*": there is no job to go on with/);
    await killedAfter(2);
    await expectRefusal(/it has 3 reduce tasks, not 4/, "-r", "4");
    await expectRefusal(/it has other input files/, "a.txt");
    const journal = readFileSync(job.path(JOB_LOG_NAME));
    journal[20] = (journal[20] ?? 0) ^ 1;
    job.write(JOB_LOG_NAME, journal);
    await expectRefusal(/its line 1 is damaged/);
    journal[20] = (journal[20] ?? 0) ^ 1;
    job.write(JOB_LOG_NAME, journal);
    utimesSync(job.path("b.txt"), 1, 1);
    await expectRefusal(/input "b.txt" has changed since it began/);
  });

  it("F33 refuses a worker with another app than the job began with", async () => {
    // It would complete the job before the other comes.
    await (await killedAfter(1)).kill();
    await job.ready("--resume");
    const other = await job.worker(job.writeApp(`${APP}\n// other\n`, "other.ts")).ended;
    expect(other.code).toBe(1);
    expect(other.stderr).toMatch(/the job runs app "app.ts" .* the worker has "other.ts"/);
  });
});

describe("a second coordinator in the same directory", () => {
  it("F31 is refused on whatever socket, and the first is unharmed", async () => {
    const first = await job.ready(...ARGS);
    for (const args of [ARGS, ["--socket", job.path("s"), ...ARGS], ["--resume"]]) {
      const second = await job.coordinator(...args).ended;
      expect(second.stderr).toMatch(/Another coordinator is already running in directory/);
      expect(second.code).toBe(1);
    }
    job.write("go", "");
    job.worker(app);
    expect((await first.ended).code).toBe(0);
    await expectExactOutput();
  });
});
