// Tests mtiming.ts, rtiming.ts, jobcount.ts and timing/nparallel.ts in src/mrapps.

import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import * as earlyExit from "../../src/mrapps/early_exit.ts";
import * as mtiming from "../../src/mrapps/mtiming.ts";
import * as rtiming from "../../src/mrapps/rtiming.ts";
import { nparallel } from "../../src/mrapps/timing/nparallel.ts";
import { run } from "../support/processes.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

/** What the apps asked for, in milliseconds, and what happens in the meantime. */
const sleep = vi.hoisted(() => ({ ms: [] as number[], meanwhile: (): unknown => undefined }));

vi.mock("node:timers/promises", () => ({
  setTimeout: async (ms: number) => {
    sleep.ms.push(ms);
    sleep.meanwhile();
  },
}));

/** Beside a worker of this process, which lives, and one that has died without cleaning up. */
async function leaveMarkers(phase: "map" | "reduce"): Promise<void> {
  const dead = await run(process.execPath, ["--print", "process.pid"], ".");
  writeFileSync(`mr-worker-${phase}-${dead.stdout.trim()}`, "x");
  writeFileSync(`mr-worker-${phase}-${process.ppid}`, "x");
  writeFileSync(`mr-worker-${phase}-${process.ppid}-0`, "x");
}

// These apps leave their files in the current directory, as in the lab.
const home = process.cwd();
beforeEach(() => {
  sleep.ms = [];
  sleep.meanwhile = () => undefined;
  process.chdir(temporaryDirectory());
});
afterEach(() => process.chdir(home));

describe("nparallel", () => {
  it("counts the living workers that are in the same phase, itself included", async () => {
    expect(await nparallel("map")).toBe(1);
    await leaveMarkers("map");
    expect(await nparallel("map")).toBe(2);
    expect(await nparallel("reduce")).toBe(1);
  });

  it("shows its own presence for one second", async () => {
    const marker = `mr-worker-reduce-${process.pid}`;
    let shown = false;
    sleep.meanwhile = () => {
      shown = existsSync(marker);
    };
    await nparallel("reduce");
    expect(shown).toBe(true);
    expect(sleep.ms).toEqual([1000]);
    expect(readdirSync(".")).toEqual([]);
  });
});

describe("mtiming", () => {
  it("tells when this worker ran a map task, in seconds, and beside how many", async () => {
    await leaveMarkers("map");
    const startSeconds = Date.now() / 1000;
    const [times, parallel] = await mtiming.map("a.txt", "");
    expect(times?.key).toBe(`times-${process.pid}`);
    expect(times?.value).toMatch(/^\d{10}\.\d$/);
    // In tenths of a second.
    expect(Number(times?.value)).toBeGreaterThan(startSeconds - 0.2);
    expect(Number(times?.value)).toBeLessThan(Date.now() / 1000 + 0.2);
    expect(parallel).toEqual({ key: `parallel-${process.pid}`, value: "2" });
  });

  it("joins what a worker told, in the order of the texts", () => {
    expect(mtiming.reduce("times-1", ["12.5", "9.0", "12.4"])).toBe("12.4 12.5 9.0");
  });
});

describe("rtiming", () => {
  it("gives reduce tasks the keys a to j", () => {
    expect(rtiming.map("a.txt", "").map(({ key }) => key)).toEqual([..."abcdefghij"]);
  });

  it("tells how many reduce calls run at the same time", async () => {
    await leaveMarkers("reduce");
    expect(await rtiming.reduce("a", ["1"])).toBe("2");
  });
});

describe("jobcount", () => {
  it("counts the calls of map, each of which takes from two to five seconds", async () => {
    const jobcount = await import("../../src/mrapps/jobcount.ts");
    for (let call = 0; call < 20; call++) {
      expect(await jobcount.map("a.txt", "")).toEqual([{ key: "a", value: "x" }]);
    }
    expect(await jobcount.reduce("a", ["x"])).toBe("20");
    expect(readdirSync(".")).toContain(`mr-worker-jobcount-${process.pid}-19`);
    expect(sleep.ms).toHaveLength(20);
    expect(sleep.ms.filter((ms) => ms < 2000 || ms >= 5000)).toEqual([]);
  });
});

describe("early_exit", () => {
  it("counts how often a file was read", async () => {
    expect(earlyExit.map("a.txt", "text")).toEqual([{ key: "a.txt", value: "1" }]);
    expect(await earlyExit.reduce("a.txt", ["1", "1"])).toBe("2");
  });

  it("makes the two books late that are late in the lab, and an era of the addresses", async () => {
    for (const name of ["grimm", "sherlock_holmes", "tom_sawyer", "atomic-age", "lincoln"]) {
      await earlyExit.reduce(`pg-${name}.txt`, ["1"]);
    }
    expect(sleep.ms).toEqual([3000, 3000, 3000]);
  });
});
