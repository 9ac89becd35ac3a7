// Tests what commands say about how to go on with a job that has failed.

import { existsSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Folder } from "../support/tsmr.ts";

const INDEX = JSON.stringify(new URL("../../src/mr/index.ts", import.meta.url).pathname);

/** Throws on a 13, and changes its input on "changes". */
const APP = `
  import { appendFileSync } from "node:fs";
  import { defineApp, jsonLines } from ${INDEX};
  export default defineApp({
    input: jsonLines(),
    map(value, emit, { file }) {
      if (value === 13) throw new Error("no luck");
      if (value === "changes") appendFileSync(file, "1\\n");
      emit("a", value);
    },
    reduce: () => 1,
  });`;

const GO_ON = /tsmr: To go on with it: .* --resume\n/;
const ANEW = "remove the files of this job from mr-out, or choose another --out\n";

describe("a job that has failed after its first task", { timeout: 120_000 }, () => {
  let folder: Folder;
  beforeEach(() => {
    folder = new Folder();
    folder.write("app.ts", APP);
    folder.write("good", "1\n".repeat(10));
  });
  afterEach(() => folder.end());

  async function run(contents: string) {
    folder.write("bad", contents);
    const args = ["run", "app.ts", "good", "bad", "--split", "20", "--workers", "1"];
    const { code, stderr } = await folder.tsmr(...args, "--attempts", "1", "--no-check", "-q")
      .ended;
    expect(code).toBe(1);
    expect(existsSync(folder.path("mr-out/.mr-journal"))).toBe(true);
    return stderr;
  }

  it.each([
    ["is malformed", "{\n", "line 1"],
    ["has changed", '"changes"\n', "it has changed"],
  ])("is to be begun again if an input %s", async (_, contents, reason) => {
    const stderr = await run(contents);
    expect(stderr).toContain(reason);
    expect(stderr).toContain(`tsmr: To begin again: ${ANEW}`);
    expect(stderr).not.toContain("--resume");
    const status = await folder.tsmr("status").ended;
    expect(status.stderr).toContain(
      'No job is running in directory "mr-out", but one failed there: ',
    );
    expect(status.stderr).toContain(reason);
    expect(status.stderr).not.toContain("--resume");
  });

  it("can be resumed with the app that threw, and begun again with another", async () => {
    const stderr = await run("13\n");
    expect(stderr).toMatch(GO_ON);
    expect(stderr).toContain(`tsmr: To begin again with another app: ${ANEW}`);
    const status = await folder.tsmr("status").ended;
    expect(status.stderr).toContain("tsmr run --resume goes on with it");
  });

  it("is begun again by mrcoordinator without --resume", async () => {
    folder.write("bad", "{\n");
    const coordinator = await folder.ready("good", "bad", "--split", "20", "--attempts", "1");
    await folder.worker("app.ts").ended;
    const { code, stderr } = await coordinator.ended;
    expect(code).toBe(1);
    expect(stderr).toContain("line 1");
    expect(stderr).not.toContain("--resume");
  });
});
