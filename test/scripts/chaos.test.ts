// Tests scripts/chaos.

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { causeOf } from "../../scripts/chaos/causes.ts";
import { chooseFaults } from "../../scripts/chaos/faults.ts";
import { describeLeftovers, findLeftovers } from "../../scripts/chaos/leftovers.ts";
import { Random } from "../simulation/random.ts";
import { run } from "../support/processes.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const CHAOS = fileURLToPath(new URL("../../scripts/chaos/chaos.ts", import.meta.url));

describe("chaos", () => {
  // It finds the processes of its jobs in /proc.
  const isLinux = process.platform === "linux";
  it.runIf(isLinux)(
    "runs a job with faults and finds its output exact (needs Linux)",
    async () => {
      const args = ["--import", import.meta.resolve("tsx"), CHAOS, "10", "--sources"];
      // A sort by the lab's commands, all of which are killed twice.
      const ended = await run(process.execPath, [...args, "--seed", "4", "--job", "2"], tmpdir());
      expect(ended.stdout).toMatch(/job 2 +exact .* lab .*\n1 jobs in/);
      expect(ended.stdout).toContain("file or socket left: 1 of 1");
      expect(ended.code).toBe(0);
    },
    300_000,
  );

  it("makes the same choices for the same seed", () => {
    const choose = (seed: number) => chooseFaults(new Random(seed), 1000, true);
    expect(choose(7)).toEqual(choose(7));
    expect(choose(7)).not.toEqual(choose(8));
  });

  it("takes a failure for explained only by what was done to the job", () => {
    const text = 'Cannot write journal "x": no space left on device (ENOSPC)';
    expect(causeOf(text, new Map([["fill disk", 1]]))).toBe("disk full");
    expect(causeOf(text, new Map([["kill worker", 3]]))).toBeUndefined();
    expect(causeOf("TypeError: x is undefined", new Map([["fill disk", 1]]))).toBeUndefined();
  });

  it("notices what a job leaves behind", () => {
    const home = temporaryDirectory();
    const directory = join(home, "job");
    mkdirSync(directory);
    const socket = join(home, "a.sock");
    const look = (style: "lab" | "run", processes: number[] = []) =>
      describeLeftovers(findLeftovers(directory, socket, style, processes));
    writeFileSync(join(directory, "mr-out-0"), "");
    expect(look("run")).toBeUndefined();
    expect(look("run", [17])).toBe("processes left: 17");
    writeFileSync(join(directory, "mr-0-0"), "");
    expect(look("lab")).toBeUndefined();
    expect(look("run")).toBe("others left: mr-0-0");
    writeFileSync(join(directory, ".mr-0-1.0123abcd-1-5.tmp"), "");
    expect(look("lab")).toContain("temporaryFiles left: .mr-0-1.");
    rmSync(join(directory, ".mr-0-1.0123abcd-1-5.tmp"));
    writeFileSync(socket, "");
    expect(look("lab")).toBe(`sockets left: ${socket}`);
  });
});
