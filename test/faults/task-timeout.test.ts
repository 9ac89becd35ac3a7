// Tests the task timeout with apps that never return.

import { describe, expect, it, type TestContext } from "vitest";
import { MAP, REDUCE } from "../support/apps.ts";
import { exitCodes, Job } from "../support/job.ts";

const TSMR = "src/main/tsmr.ts";
const COUNTS = "x 2\ny 3\nz 1\n";
const HEAD = `import { existsSync, mkdirSync } from "node:fs";
  import { setTimeout as sleep } from "node:timers/promises";
  /** True once for each name, in whatever process. */
  function first(name) {
    try { mkdirSync("first-" + name); return true; } catch { return false; }
  }`;

function startJob({ onTestFinished }: TestContext, inMap: string): Job {
  const job = new Job();
  onTestFinished(() => job.end());
  job.write("a", "x y x");
  job.write("b", "y y z");
  const map = MAP.replace(
    "function map(_file: string, text: string) {",
    `function map(_file: string, text: string) { ${inMap}`,
  );
  job.writeApp(`${HEAD}${map}${REDUCE}`);
  return job;
}

describe("an app that never returns", { concurrent: true, timeout: 300_000 }, () => {
  it("F37: fails the job, which names task, input and cause, and leaves no process behind", async (context) => {
    const job = startJob(context, `if (_file === "b") for (;;);`);
    const args = ["a", "b", "--workers", "2", "--attempts", "2", "--lease", "7"];
    const command = job.start(TSMR, ["run", "app.ts", ...args, "--task-timeout", "10"]);
    const { code, stderr } = await command.ended;
    expect(stderr).toMatch(/map task 1, attempt 1, failed on worker \d \(pid \d+\): it ran longer/);
    expect(stderr).toContain(
      'The job failed: Map task 1 ("b") failed 2 times: it ran longer than the task timeout of 10 s\n',
    );
    expect(code).toBe(1);
    expect(await command.survivors()).toEqual([]);
    expect(job.temporaryFiles()).toEqual([]);
  });

  it("F37: only at its first attempt, costs that worker, which is replaced, and the job completes", async (context) => {
    const job = startJob(context, `if (_file === "b" && first("b")) for (;;);`);
    const args = [
      "a",
      "b",
      "--split",
      "1",
      "--workers",
      "1",
      "--lease",
      "7",
      "--task-timeout",
      "10",
    ];
    const command = job.start(TSMR, ["run", "app.ts", ...args, "--out", "."]);
    const { code, stderr } = await command.ended;
    expect(stderr).toMatch(
      /The app is still busy with map task 1, attempt 1, .*: (this worker ends|worker 1 .* is ended)/,
    );
    expect(stderr).toMatch(/map task 1, attempt 1, failed on worker 1 .* task timeout of 10 s/);
    expect(code).toBe(0);
    expect(await command.survivors()).toEqual([]);
    expect(job.output()).toBe(COUNTS);
  });

  it("F37: ends a worker started by hand, with a line that says why, after a lease of grace", async (context) => {
    const job = startJob(context, `if (_file === "b" && first("b")) for (;;);`);
    const coordinator = await job.ready("a", "b", "--lease", "7", "--task-timeout", "10");
    const stuck = job.worker("app.ts");
    const { code, signal, stderr } = await stuck.ended;
    expect([code, signal]).toEqual([1, null]);
    expect(stderr).toMatch(
      /\nworker \d+: The app is still busy with map task 1, attempt 1, \d+ s after the coordinator gave that up: this worker ends\n$/,
    );
    expect(await exitCodes([coordinator, job.worker("app.ts")])).toEqual([0, 0]);
    expect(job.output()).toBe(COUNTS);
  });

  it("F40: ends a worker that is stuck even when nobody is left to read why", async (context) => {
    const job = startJob(context, `if (_file === "b" && first("b")) for (;;);`);
    const coordinator = await job.ready("a", "b", "--lease", "7", "--task-timeout", "10");
    const stuck = job.worker("app.ts");
    stuck.hangUpStderr();
    expect(await stuck.ended).toMatchObject({ code: 1, signal: null });
    expect(await exitCodes([coordinator, job.worker("app.ts")])).toEqual([0, 0]);
    expect(job.output()).toBe(COUNTS);
  });

  it("F37: is not confused with one that is slow, which is told and goes on with the next task", async (context) => {
    const slow = `return (async function* () {
      if (_file === "b" && first("b")) {
        for (let turn = 0; turn < 200; turn++) { await sleep(100); yield { key: "never", value: "1" }; }
      }
      yield* text.split(" ").map((key) => ({ key, value: "1" }));
    })();`;
    const job = startJob(context, slow);
    const coordinator = await job.ready("a", "b", "--lease", "7", "--task-timeout", "10");
    const worker = job.worker("app.ts");
    expect(await exitCodes([coordinator, worker])).toEqual([0, 0]);
    expect(coordinator.stderr).toContain("it ran longer than the task timeout of 10 s");
    // It was not killed: it has joined but once.
    expect(worker.stderr.match(/^mrworker: Joined the job .* as worker 1 /gm)).toHaveLength(1);
    expect(worker.stderr).toMatch(
      /\nmrworker: The job is complete; this worker has done 12 tasks\n$/,
    );
    expect(job.output()).toBe(COUNTS);
  });
});
