import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { WorkerPool } from "../../../src/mr/engines/local/worker-pool.ts";
import { DEFAULT_MEMORY_BYTES } from "../../../src/mr/job/limits.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const OPTIONS = {
  app: "/there/is/no/app.mjs",
  reduces: undefined,
  memoryBytes: DEFAULT_MEMORY_BYTES,
  socketPath: "/there/is/no/socket",
  connectMs: 0,
  reconnectMs: 0,
};

describe("WorkerPool", () => {
  it("begins with one worker where none stand by, and has all of them once it is filled", async () => {
    // They wait for a coordinator.
    const app = fileURLToPath(new URL("../../../src/mrapps/wc.ts", import.meta.url));
    const pool = new WorkerPool(3, { ...OPTIONS, app, connectMs: 60_000 }, () => undefined);
    try {
      const [first, ...others] = pool.pids;
      expect(others).toEqual([]);
      pool.fill();
      pool.fill();
      // No more at a time than there are processors.
      await expect.poll(() => pool.pids.length, { timeout: 200_000 }).toBe(3);
      expect(pool.pids[0]).toBe(first);
    } finally {
      await pool.stop(0);
    }
  });

  it("starts no more workers once it is being stopped", async () => {
    const pool = new WorkerPool(3, OPTIONS, () => undefined);
    const stopped = pool.stop(0);
    pool.fill();
    expect(pool.pids).toHaveLength(1);
    await stopped;
    expect(pool.pids).toEqual([]);
  });

  it("kills workers that have not joined the job when it stops, without waiting for them", async () => {
    const app = fileURLToPath(new URL("../../../src/mrapps/wc.ts", import.meta.url));
    const pool = new WorkerPool(1, { ...OPTIONS, app, connectMs: 600_000 }, () => undefined);
    // The test's own time limit is shorter.
    await pool.stop(2 ** 30);
    expect(pool.pids).toEqual([]);
  });

  it("replaces a worker that ends while the job goes on, with exit code 0 too, and none once it has ended", async () => {
    const directory = temporaryDirectory();
    const app = join(directory, "app.mjs");
    writeFileSync(app, "process.exit(0);");
    const pool = new WorkerPool(1, { ...OPTIONS, app }, () => undefined);
    try {
      const [first] = pool.pids;
      await expect.poll(() => pool.pids[0], { timeout: 200_000 }).not.toBe(first);
      pool.onEvent({ type: "jobEnded", atMs: 0, outcome: { state: "completed" } });
      await expect.poll(() => pool.pids, { timeout: 200_000 }).toEqual([]);
      expect(pool.cannotLoadApp).toBe(false);
    } finally {
      await pool.stop(0);
    }
  });

  it("F53 closes the output of a worker whose child process keeps it open, and loses none of it", async () => {
    const directory = temporaryDirectory();
    const app = join(directory, "app.mjs");
    writeFileSync(
      app,
      `import { spawn } from "node:child_process";
      import { writeSync } from "node:fs";
      const child = spawn("sleep", ["1000"], { stdio: "inherit" });
      child.unref();
      writeSync(1, "child " + child.pid + " " + "x".repeat(40_000) + " end");
      process.exit(0);`,
    );
    let output = "";
    const openPipes = () => process.getActiveResourcesInfo().filter((name) => name === "PipeWrap");
    const before = openPipes();
    const pool = new WorkerPool(1, { ...OPTIONS, app }, (text) => (output += text));
    try {
      pool.onEvent({ type: "jobEnded", atMs: 0, outcome: { state: "completed" } });
      await expect.poll(() => pool.pids, { timeout: 200_000 }).toEqual([]);
      await pool.stop(0);
      expect(output).toMatch(/^child \d+ x{40000} end$/);
      await expect.poll(openPipes).toEqual(before);
    } finally {
      process.kill(Number(/\d+/.exec(output)?.[0]));
    }
  });

  it("F21 says that it has given up to whoever asks only after its workers could not load the app", async () => {
    const pool = new WorkerPool(2, OPTIONS, () => undefined);
    try {
      while (!pool.cannotLoadApp) await sleep(20);
      const heard: string[] = [];
      pool.onGivenUp((reason) => heard.push(reason));
      expect(heard).toEqual(["a worker could not load the app"]);
      // What the first worker could not do, the second would not do either.
      pool.fill();
      expect(pool.pids).toEqual([]);
    } finally {
      await pool.stop(0);
    }
  });
});
