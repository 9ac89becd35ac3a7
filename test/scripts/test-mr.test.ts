// Tests scripts/test-mr.sh and test-mr-many.sh.

import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { run } from "../support/processes.ts";

const SCRIPTS = fileURLToPath(new URL("../../scripts/", import.meta.url));

const bash = (...args: string[]) => run("bash", args, SCRIPTS);

describe("the test scripts", { concurrent: true }, () => {
  it("are correct bash", async () => {
    for (const script of ["test-mr.sh", "test-mr-many.sh"]) {
      expect(await bash("-n", script)).toMatchObject({ code: 0, stdout: "", stderr: "" });
    }
  });

  it("fail on the name of a test that does not exist", async () => {
    const ended = await bash("test-mr.sh", "quiet", "wcc");
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain('no test is called "wcc"');
  });

  it("fail when there are no input files", async () => {
    const ended = await run("env", ["MR_INPUTS=.", "bash", "test-mr.sh", "wc"], SCRIPTS);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain("there are no pg-*.txt");
  });

  it("want a number of trials", async () => {
    for (const args of [[], ["0"], ["many"]]) {
      expect((await bash("test-mr-many.sh", ...args)).code).toBe(2);
    }
  });
});
