// Tests workers with a low limit of open files.

import { spawnSync } from "node:child_process";
import { describe, expect, it, type TestContext } from "vitest";
import { MAP, REDUCE } from "../support/apps.ts";
import { Job } from "../support/job.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

function startJob({ onTestFinished }: TestContext): Job {
  const job = new Job();
  onTestFinished(() => job.end());
  job.writeApp(MAP + REDUCE);
  return job;
}

/** Runs a worker that may have no more than so many files open. */
function worker(job: Job, files: number) {
  const command = `ulimit -n ${files}; exec "$0" --import "$1" "${ROOT}src/main/mrworker.ts" app.ts`;
  const tsx = import.meta.resolve("tsx");
  const args = ["-c", command, process.execPath, tsx];
  return spawnSync("bash", args, { cwd: job.directory, encoding: "utf8" });
}

describe("a worker that may open few files", { timeout: 300_000 }, () => {
  it("F36: fails the task with a clear error, and no map task is blamed for it", async (context) => {
    const job = startJob(context);
    const inputs = Array.from({ length: 60 }, (_, index) => `${index}.txt`);
    for (const input of inputs) job.write(input, "a word");
    // A merge has 64 files open at once, and a process of Node some twenty.
    const coordinator = await job.ready(...inputs, "-r", "1", "--attempts", "2");
    worker(job, 50);
    const { code, stderr } = await coordinator.ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /The job failed: Reduce task 0 failed 2 times: Cannot read map output ".*mr-\d+-0": too many open files \(EMFILE\)/,
    );
    expect(stderr).not.toContain("runs again");
    expect(job.temporaryFiles()).toEqual([]);
    // With as many as it needs it goes on.
    const resumed = await job.ready("--resume");
    worker(job, 200);
    expect((await resumed.ended).code).toBe(0);
    expect(job.output()).toBe("a 60\nword 60\n");
  });

  it("F36: has as few open for a thousand reduce tasks as for one", async (context) => {
    const job = startJob(context);
    job.write("a", "some words here");
    const coordinator = await job.ready("a", "-r", "1000");
    worker(job, 100);
    expect((await coordinator.ended).code).toBe(0);
    expect(job.output()).toBe("here 1\nsome 1\nwords 1\n");
  });
});
