// Tests tsmr run that is interrupted or killed.

import { readFileSync, rmSync } from "node:fs";
import { describe, expect, it, type TestContext } from "vitest";
import { JOB_LOG_NAME } from "../../src/mr/job/names.ts";
import { GATED_WORD_COUNT, MAP, REDUCE } from "../support/apps.ts";
import { exitCodes, Job } from "../support/job.ts";
import type { Command } from "../support/processes.ts";

const TSMR = "src/main/tsmr.ts";
/** Each of them starts many processes, one after the other. */
const SLOW = { concurrent: true, timeout: 300_000 };
const COUNTS = "x 2\ny 3\nz 1\n";

function startJob({ onTestFinished }: TestContext, app = GATED_WORD_COUNT): Job {
  const job = new Job();
  onTestFinished(() => job.end());
  job.write("a", "x y x");
  job.write("b", "y y z");
  job.writeApp(app);
  return job;
}

function run(job: Job, ...args: string[]): Command {
  const fixed = ["run", "app.ts", "a", "b", "--workers", "2", "--reduces", "2", "--out", "."];
  return job.start(TSMR, [...fixed, ...args]);
}

/** Runs a job until one map task is completed and the other is at its gate. */
async function halfDone(job: Job): Promise<Command> {
  const command = run(job);
  job.write("go-map-a", "");
  while (!job.files().some((name) => name.startsWith("at-map-b")))
    await new Promise((r) => setTimeout(r, 20));
  await job.statusWhen(({ maps }) => maps.completed === 1);
  job.write(".mr-out-0.00c0ffee-1-1.tmp", "of a worker that was killed");
  return command;
}

async function expectToGoOn(job: Job): Promise<void> {
  for (const gate of ["go-map-b", "go-reduce"]) job.write(gate, "");
  rmSync(job.path("go-map-a"));
  // The first map task would wait for ever if it were run again.
  const { code, stderr } = await run(job, "--resume").ended;
  expect(stderr).not.toContain("failed");
  expect(code).toBe(0);
  expect(job.output()).toBe(COUNTS);
  expect(job.files().filter((name) => /^\.?mr-/.test(name))).toEqual([
    ".mr-events",
    "mr-out-0",
    "mr-out-1",
  ]);
}

describe("a job of tsmr run", SLOW, () => {
  it("F39: ends with 130 at Ctrl-C, sweeps, leaves no process behind, and can be resumed", async (context) => {
    const job = startJob(context);
    const command = await halfDone(job);
    // A terminal sends it to every process of the job.
    command.signal("SIGINT");
    const { code } = await command.ended;
    expect(code).toBe(130);
    expect(await command.survivors()).toEqual([]);
    expect(job.temporaryFiles()).toEqual([]);
    await expectToGoOn(job);
  });

  it("F40: ends the same way at SIGHUP and SIGTERM, which come to it alone", async (context) => {
    for (const [signal, expected] of [
      ["SIGHUP", 129],
      ["SIGTERM", 143],
    ] as const) {
      const job = startJob(context);
      const command = await halfDone(job);
      command.signalAlone(signal);
      const { code } = await command.ended;
      expect(code).toBe(expected);
      expect(await command.survivors()).toEqual([]);
      expect(job.temporaryFiles()).toEqual([]);
      await expectToGoOn(job);
    }
  });

  it("F40: goes on when nobody reads what it writes any more", async (context) => {
    const job = startJob(context, MAP + REDUCE);
    const command = run(job);
    command.closeOutput();
    expect(await exitCodes([command])).toEqual([0]);
    expect(job.output()).toBe(COUNTS);
  });

  it("F40: takes its workers with it even when it is killed, busy or not, and can be resumed", async (context) => {
    // One of them computes while it waits, the other waits for work.
    const app = GATED_WORD_COUNT.replace(
      "await setTimeout(10)",
      'name === "map-b" || (await setTimeout(10))',
    );
    const job = startJob(context, app);
    const command = await halfDone(job);
    command.signalAlone("SIGKILL");
    expect(await command.survivors()).toEqual([]);
    await expectToGoOn(job);
  });

  it("F5: is finished again without harm, wherever in its end it was killed", async (context) => {
    const job = startJob(context, MAP + REDUCE);
    expect((await run(job, "--keep").ended).code).toBe(0);
    const results = job.output();
    const names = job.files().filter((name) => /^mr-\d+-\d+$/.test(name));
    expect(names).toHaveLength(4);
    // What it looked like before the end: the results, all map outputs, and the journal of them.
    const coordinator = await job.ready("a", "b", "-r", "2");
    expect(await exitCodes([coordinator, job.worker("app.ts")])).toEqual([0, 0]);
    expect(job.output()).toBe(results);
    const journal = readFileSync(job.path(JOB_LOG_NAME), "utf8");
    const withoutEnd = `${journal.trimEnd().split("\n").slice(0, -1).join("\n")}\n`;
    const outputs = names.map((name) => [name, readFileSync(job.path(name))] as const);
    for (const [text, left] of [
      [withoutEnd, 4],
      [journal, 4],
      [journal, 2],
      [journal, 0],
    ] as const) {
      job.write(JOB_LOG_NAME, text);
      for (const name of names) rmSync(job.path(name), { force: true });
      for (const [name, bytes] of outputs.slice(0, left)) job.write(name, bytes);
      const { code, stderr } = await run(job, "--resume").ended;
      expect(stderr).not.toContain("map task");
      expect(code).toBe(0);
      expect(job.output()).toBe(results);
      expect(job.files().filter((name) => /^\.?mr-/.test(name))).toEqual([
        ".mr-events",
        "mr-out-0",
        "mr-out-1",
      ]);
    }
  });
});

describe("a worker that is busy in its app when the job ends", SLOW, () => {
  const STUCK = `import { mkdirSync } from "node:fs";
    function first(name) { try { mkdirSync("first-" + name); return true; } catch { return false; } }
    ${MAP.replace("{", `{ if (_file === "b" && first("b")) for (;;);`)}${REDUCE}`;

  it("F8: ends soon after a backup has completed its task and the job is complete", async (context) => {
    const job = startJob(context, STUCK);
    const coordinator = await job.ready("a", "b", "-r", "1", "--lease", "2");
    const stuck = job.worker("app.ts");
    await job.appeared("first-b");
    expect(await exitCodes([coordinator, job.worker("app.ts")])).toEqual([0, 0]);
    expect(await stuck.survivors()).toEqual([]);
    await stuck.ended;
    expect(stuck.stderr).toMatch(
      /The coordinator has gone|The job is complete|still busy with map task 1, attempt 1/,
    );
    expect(job.output()).toBe(COUNTS);
    expect(job.temporaryFiles()).toEqual([]);
  });

  it("F39: ends cleanly, with a line that says why, where the app makes progress", async (context) => {
    const job = startJob(
      context,
      `import { defineApp, lines } from "tsmr";
      import { writeFileSync } from "node:fs";
      export default defineApp({
        input: lines(),
        map(_line, emit) {
          writeFileSync("busy", "");
          emit("x", 1);
          const end = performance.now() + 0.3;
          while (performance.now() < end);
        },
        reduce: () => 1,
      });`,
    );
    job.write("many", "a line\n".repeat(1_000_000));
    const coordinator = await job.ready("many");
    const busy = job.worker("app.ts");
    await job.appeared("busy");
    coordinator.signal("SIGTERM");
    expect((await coordinator.ended).code).toBe(143);
    const { code, signal, stderr } = await busy.ended;
    expect([code, signal]).toEqual([1, null]);
    expect(stderr).toMatch(/\nmrworker: The job was cancelled; this worker has done 0 tasks\n$/);
    expect(job.temporaryFiles()).toEqual([]);
  });

  it("F39: ends cleanly soon after the job was interrupted, and says so", async (context) => {
    const job = startJob(context, STUCK);
    const coordinator = await job.ready("a", "b");
    const stuck = job.worker("app.ts");
    await job.appeared("first-b");
    coordinator.signal("SIGTERM");
    expect((await coordinator.ended).code).toBe(143);
    const { code, stderr } = await stuck.ended;
    expect(stderr).toMatch(/\nmrworker: The job was cancelled; this worker has done 1 task\n$/);
    expect(code).toBe(1);
    expect(job.temporaryFiles()).toEqual([]);
  });

  /** A job whose one worker is stuck, and another one that was started by hand and is stuck in `call`. */
  async function bothStuck(context: TestContext, call: string) {
    const job = startJob(
      context,
      `import { writeFileSync } from "node:fs";
      export function map(file) { writeFileSync("at-" + file, ""); ${call} }
      ${REDUCE}`,
    );
    const args = ["a", "b", "--split", "1", "--workers", "1", "--reduces", "1", "--lease", "600"];
    const command = job.start(TSMR, ["run", "app.ts", ...args, "--out", "."]);
    await job.appeared("at-a");
    const worker = job.start(TSMR, ["worker", "app.ts", "--dir", "."]);
    await job.appeared("at-b");
    return { job, command, worker };
  }

  for (const [what, call] of [
    ["a loop", "for (;;);"],
    ["a call that waits", "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);"],
  ] as const)
    it(`F39: in ${what}, ends as an idle one does when the job is cancelled`, async (context) => {
      const { job, command, worker } = await bothStuck(context, call);
      expect((await job.start(TSMR, ["cancel", "."]).ended).code).toBe(0);
      const { code, signal, stderr } = await worker.ended;
      expect(stderr).toMatch(/\ntsmr: The job was cancelled; this worker has done 0 tasks\n$/);
      expect([code, signal]).toEqual([1, null]);
      expect((await command.ended).code).toBe(1);
      expect(await command.survivors()).toEqual([]);
      expect(job.temporaryFiles()).toEqual([]);
    });

  it("F39: that was stopped while the job was cancelled ends cleanly, and says that the coordinator has gone", async (context) => {
    const { job, command, worker } = await bothStuck(context, "for (;;);");
    worker.signalAlone("SIGSTOP");
    expect((await job.start(TSMR, ["cancel", "."]).ended).code).toBe(0);
    expect((await command.ended).code).toBe(1);
    worker.signalAlone("SIGCONT");
    const { code, signal, stderr } = await worker.ended;
    expect(stderr).toMatch(
      /\ntsmr: The coordinator has gone: none is listening on socket ".+" \(waited \d+ s\); this worker has done 0 tasks\n$/,
    );
    expect([code, signal]).toEqual([1, null]);
  });
});
