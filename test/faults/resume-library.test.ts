// Tests runJob that resumes a failed job.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { type RunJobOptions, runJob } from "../../src/mr/engines/run-job.ts";
import { JOB_LOG_NAME } from "../../src/mr/job/names.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const APP = `
  import { appendFileSync, existsSync } from "node:fs";
  export function map(file, contents) {
    appendFileSync(file + ".runs", "x");
    return [{ key: contents, value: "1" }];
  }
  export function reduce(key, values) {
    if (!existsSync("HOME/repaired")) throw new Error("not yet");
    return String(values.length);
  }
`;

let home: string;
let options: RunJobOptions;
beforeEach(() => {
  home = temporaryDirectory();
  const inputs = ["a", "b", "c"].map((name) => join(home, name));
  for (const input of inputs) writeFileSync(input, "text");
  writeFileSync(join(home, "app.ts"), APP.replace("HOME", home));
  const out = join(home, "out");
  options = { app: join(home, "app.ts"), inputs, out, workers: 1, reduces: 1, attempts: 1 };
});

describe("runJob", () => {
  it("F4 goes on with a job that failed, once its cause is gone, without finished tasks", async () => {
    await expect(runJob(options)).rejects.toMatchObject({ code: "APP_THREW" });
    // Its files are not taken for the output of another job.
    await expect(runJob(options)).rejects.toMatchObject({ code: "OUTPUT_EXISTS" });
    writeFileSync(join(home, "repaired"), "");
    const { outputs } = await runJob({ ...options, resume: true });
    expect(outputs.map((path) => readFileSync(path, "utf8"))).toEqual(["text 3\n"]);
    for (const input of options.inputs) expect(readFileSync(`${input}.runs`, "utf8")).toBe("x");
    expect(readdirSync(join(home, "out"))).toEqual([".mr-events", "mr-out-0"]);
  });

  it("F31 leaves the journal of a job alone that another coordinator is running", async () => {
    writeFileSync(join(home, "repaired"), "");
    const slow = `export { map } from "./app.ts";
      import { existsSync } from "node:fs";
      import { setTimeout as sleep } from "node:timers/promises";
      export async function reduce(key, values) {
        while (!existsSync("${join(home, "go")}")) await sleep(20);
        return String(values.length);
      }`;
    writeFileSync(join(home, "slow.ts"), slow);
    const app = join(home, "slow.ts");
    const first = runJob({ ...options, app, leaseMs: 600_000 });
    const journal = join(home, "out", JOB_LOG_NAME);
    while (!existsSync(journal)) await new Promise((resolve) => setTimeout(resolve, 10));
    for (const resume of [true, false]) {
      const second = runJob({ ...options, app, resume });
      await expect(second).rejects.toMatchObject({ code: "JOB_IN_USE" });
      expect(existsSync(journal)).toBe(true);
    }
    writeFileSync(join(home, "go"), "");
    await first;
    expect(readdirSync(join(home, "out"))).toEqual([".mr-events", "mr-out-0"]);
  });

  it("F4 says so when there is nothing to go on with", async () => {
    mkdirSync(join(home, "out"));
    await expect(runJob({ ...options, resume: true })).rejects.toMatchObject({
      code: "RESUME_NOTHING",
      message: expect.stringContaining("there is no job to go on with"),
    });
  });

  it("F15 refuses to go on when an input has changed, or the job is another one", async () => {
    await expect(runJob(options)).rejects.toMatchObject({ code: "APP_THREW" });
    const again = { ...options, resume: true };
    await expect(runJob({ ...again, reduces: 2 })).rejects.toMatchObject({
      code: "RESUME_MISMATCH",
    });
    writeFileSync(join(home, "b"), "text that is longer");
    await expect(runJob(again)).rejects.toMatchObject({ code: "INPUT_CHANGED" });
    rmSync(join(home, "b"));
    await expect(runJob({ ...again, inputs: [] })).rejects.toMatchObject({
      code: "INPUT_NOT_FOUND",
    });
  });
});
