// Tests src/main/watch-job.ts: the option --ui.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { Job } from "../support/job.ts";

function newJob(): Job {
  const job = new Job();
  onTestFinished(() => job.end());
  job.write("in.txt", "a b a");
  return job;
}

describe("--ui", () => {
  it("serves the job until it ends, and keeps nobody waiting who watches", async () => {
    const job = newJob();
    const coordinator = await job.ready("--ui", "0", "in.txt");
    const url = /Watch it at (\S+)/.exec(coordinator.stderr)?.[1];
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:[0-9]+\/$/);
    const metrics = await (await fetch(`${url}metrics`)).text();
    expect(metrics).toContain('tsmr_tasks{phase="map",state="idle"} 1\n');
    const events = await fetch(`${url}events`);
    expect((await job.worker("wc").ended).code).toBe(0);
    expect((await coordinator.ended).code).toBe(0);
    expect(await events.text()).toContain('"outcome":{"state":"completed"}');
  });

  it("says what it cannot listen on before it touches what is there", async () => {
    const job = newJob();
    job.write("mr-out-0", "a 2\n");
    const taken = createServer().listen(0, "127.0.0.1");
    onTestFinished(() => void taken.close());
    await new Promise((resolve) => taken.once("listening", resolve));
    const { port } = taken.address() as AddressInfo;
    const { code, stderr } = await job.coordinator("--ui", String(port), "in.txt").ended;
    expect([code, stderr]).toEqual([
      1,
      `mrcoordinator: Cannot serve the dashboard on 127.0.0.1:${port}: address already in use (EADDRINUSE)\n`,
    ]);
    expect(job.files()).toEqual(["in.txt", "mr-out-0"]);
  });

  it("refuses what is no port", async () => {
    const { code, stderr } = await newJob().coordinator("--ui", "70000", "in.txt").ended;
    expect([code, stderr]).toEqual([2, expect.stringContaining("It must be a port from 0 to")]);
  });
});
