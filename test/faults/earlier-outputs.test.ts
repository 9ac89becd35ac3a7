// Tests jobs in a directory that holds the output of an earlier job.

import { describe, expect, it, type TestContext } from "vitest";
import { runJob } from "../../src/mr/engines/run-job.ts";
import { MAP, REDUCE } from "../support/apps.ts";
import { exitCodes, Job } from "../support/job.ts";

/** A directory with what a job of three reduce tasks has left there, and a file that is no job's. */
function startJob({ onTestFinished }: TestContext): Job {
  const job = new Job();
  onTestFinished(() => job.end());
  job.writeApp(MAP + REDUCE);
  job.write("in.txt", "x y x");
  for (const name of ["mr-out-0", "mr-out-1", "mr-out-2", "mr-0-0", "mr-out-of-milk"]) {
    job.write(name, "of an earlier job\n");
  }
  return job;
}

describe("a directory with the output of an earlier job", () => {
  it("F14: is cleared of it by the lab's coordinator, which says so", async (context) => {
    const job = startJob(context);
    const coordinator = await job.ready("in.txt", "-r", "1");
    expect(coordinator.stderr).toContain("Removed 3 output files of an earlier job");
    expect(await exitCodes([coordinator, job.worker("app.ts")])).toEqual([0, 0]);
    const names = job.files().filter((name) => name.startsWith("mr-out-"));
    expect(names).toEqual(["mr-out-0", "mr-out-of-milk"]);
    expect(job.output()).toBe("of an earlier job\nx 2\ny 1\n");
  });

  it("F14: is refused by the library, and nothing in it is touched", async (context) => {
    const job = startJob(context);
    const before = job.files();
    const [app, input] = [job.path("app.ts"), job.path("in.txt")];
    await expect(runJob({ app, inputs: [input], out: job.directory })).rejects.toMatchObject({
      code: "OUTPUT_EXISTS",
    });
    expect(job.files()).toEqual(before);
    expect(job.output()).toBe("of an earlier job\n".repeat(4));
  });
});
