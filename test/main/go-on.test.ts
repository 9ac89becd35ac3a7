// Tests what commands say about how to go on with a job that has failed.

import { existsSync, mkdirSync, readdirSync } from "node:fs";
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

/** Removes the directory of its job, or puts that of another job in its place. */
const MOVES = `
  import { existsSync, renameSync, rmSync, mkdirSync, writeFileSync } from "node:fs";
  export function map() {
    const out = process.env.OUT;
    if (process.env.ACT === "remove") rmSync(out, { recursive: true, force: true });
    else if (!existsSync(out + "-moved")) {
      renameSync(out, out + "-moved");
      mkdirSync(out);
      writeFileSync(out + "/.mr-journal", "of another job");
    }
    return [{ key: "a", value: "1" }];
  }
  export const reduce = () => "1";`;

describe("F61 a job whose directory was taken away", { timeout: 120_000 }, () => {
  it.each([
    ["remove", "to begin again, give the same command"],
    ["replace", "to begin again, choose another --out"],
  ])("F61 is not to be resumed by tsmr run (%s)", async (act, hint) => {
    const folder = new Folder();
    try {
      folder.write("app.ts", MOVES);
      const env = { OUT: folder.path("out"), ACT: act };
      const args = ["run", "app.ts", "a", "b", "--out", "out", "--workers", "1", "--report"];
      const { code, stderr } = await folder.tsmrWith(env, ...args, "--attempts", "1").ended;
      expect(code).toBe(1);
      expect(stderr).not.toContain("--resume");
      expect(stderr).toContain(hint);
      if (act === "replace") expect(readdirSync(folder.path("out"))).toEqual([".mr-journal"]);
    } finally {
      await folder.end();
    }
  });

  it.each(["remove", "replace"])("F61 is not to be resumed by mrcoordinator (%s)", async (act) => {
    const folder = new Folder();
    try {
      folder.write("app.ts", MOVES);
      mkdirSync(folder.path("job"));
      const job = folder.path("job");
      const coordinator = folder.start(
        "src/main/mrcoordinator.ts",
        ["../a", "--attempts", "1"],
        job,
      );
      await coordinator.printed("waiting for workers");
      folder.start("src/main/mrworker.ts", ["../app.ts"], job, {
        OUT: job,
        ACT: act,
      });
      const { code, stderr } = await coordinator.ended;
      expect(code).toBe(1);
      expect(stderr).not.toContain("--resume");
      expect(stderr).toContain("was removed or replaced");
    } finally {
      await folder.end();
    }
  });
});

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
