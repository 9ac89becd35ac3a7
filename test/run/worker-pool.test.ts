import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { WorkerPool } from "../../src/mr/run/worker-pool.ts";

it("F21 a pool says that it has given up to whoever asks only after its workers could not load the app", async () => {
  const options = { app: "/there/is/no/app.mjs", socketPath: "/there/is/no/socket" };
  const pool = new WorkerPool(1, { ...options, patienceMs: 0, reconnectMs: 0 }, () => undefined);
  try {
    while (!pool.cannotLoadApp) await sleep(20);
    const heard: string[] = [];
    pool.onGivenUp((reason) => heard.push(reason));
    expect(heard).toEqual(["a worker could not load the app"]);
  } finally {
    await pool.stop(0);
  }
}, 60_000);
