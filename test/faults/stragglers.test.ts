// Tests backup tasks with real workers.

import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Job } from "../support/job.ts";

/**
 * Every worker is quick but the one that comes to `slow.txt` first: it emits a pair every tenth of a
 * second, which is progress, for as long as `seconds`.
 */
function appWithStraggler(seconds: number): string {
  return `
    import { appendFileSync, mkdirSync } from "node:fs";
    import { setTimeout as sleep } from "node:timers/promises";
    let isSlow = false;
    export async function* map(file, contents) {
      appendFileSync("maps", file + "\\n");
      // The oracle runs elsewhere.
      if (file === "slow.txt") {
        try { mkdirSync("straggler"); isSlow = true; } catch {}
      }
      for (let turn = 0; turn < ${10 * seconds}; turn++) {
        if (isSlow) await sleep(100);
        yield { key: "turn" + turn, value: String(turn) };
      }
    }
    export function reduce(key, values) {
      return [...values].sort().join(" ");
    }
  `;
}

let job: Job;
beforeEach(() => {
  job = new Job();
  for (const file of ["a.txt", "b.txt", "slow.txt"]) job.write(file, "");
});
afterEach(() => job.end());

describe("a slow worker that makes progress", () => {
  it("F8 loses its task to a backup near the end of the phase, not before the lease time", async () => {
    const app = job.writeApp(appWithStraggler(600));
    const coordinator = await job.ready("-r", "2", "--lease", "6", "a.txt", "b.txt", "slow.txt");
    job.worker(app);
    job.worker(app);
    const startedMs = performance.now();
    const { code, stderr } = await coordinator.ended;
    const elapsedMs = performance.now() - startedMs;
    expect(stderr).toMatch(/map task 2, attempt 1, on worker \d .* was too slow/);
    expect(code).toBe(0);
    expect(elapsedMs).toBeGreaterThan(6000);
    expect(readFileSync(job.path("maps"), "utf8").match(/slow/g)).toHaveLength(2);
    expect(job.output()).toBe(await job.oracle(job.path(app), "a.txt", "b.txt", "slow.txt"));
  });

  it("F8 keeps its task with --no-backups, because it makes progress", async () => {
    const app = job.writeApp(appWithStraggler(13));
    const inputs = ["a.txt", "b.txt", "slow.txt"];
    const coordinator = await job.ready("-r", "2", "--lease", "6", "--no-backups", ...inputs);
    job.worker(app);
    job.worker(app);
    expect((await coordinator.ended).code).toBe(0);
    expect(readFileSync(job.path("maps"), "utf8").match(/slow/g)).toHaveLength(1);
    expect(job.output()).toBe(await job.oracle(job.path(app), ...inputs));
  });
});
