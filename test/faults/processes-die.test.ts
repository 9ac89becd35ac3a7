// Tests mrcoordinator and mrworker: processes that are killed or stopped.

import { existsSync, statSync } from "node:fs";
import { describe, expect, it, type TestContext } from "vitest";
import { GATED_WORD_COUNT, MAP, REDUCE } from "../support/apps.ts";
import { exitCodes, Job, sleep } from "../support/job.ts";
import type { Command } from "../support/processes.ts";

/** A job on two small files; the gated app is `app.ts`. */
function startJob({ onTestFinished }: TestContext, app = GATED_WORD_COUNT, viaTsx = false): Job {
  const job = new Job({ viaTsx });
  onTestFinished(() => job.end());
  job.write("a", "x y x");
  job.write("b", "y y z");
  job.writeApp(app);
  return job;
}

const COUNTS = "x 2\ny 3\nz 1\n";
/** For a job whose workers wait at a gate, while others start for as long as that takes. */
const NO_LEASE_ENDS = ["--lease", "600"];

/**
 * Whoever is busy when the coordinator ends hears of it after its call; where that takes longer than a second or
 * two, as it may on a busy machine, in the middle of it.
 */
async function expectToGiveUp(busy: Command): Promise<void> {
  const { code, signal, stderr } = await busy.ended;
  // The coordinator does not wait for long until a busy worker has heard it.
  expect(stderr).toMatch(/The job was cancelled; this worker has done|The coordinator has gone/);
  expect([1, "SIGKILL"]).toContain(signal ?? code);
}

describe("a job whose workers die or stop", { concurrent: true }, () => {
  it("F1, F2: gives the task of a killed worker to another at once, in map and in reduce", async (context) => {
    const job = startJob(context);
    const coordinator = await job.ready("a", "b", "-r", "1", ...NO_LEASE_ENDS);
    const first = job.worker("app.ts");
    await job.appeared(`at-map-a-${first.pid}`);
    const second = job.worker("app.ts");
    await job.appeared(`at-map-b-${second.pid}`);
    first.signal("SIGKILL");
    job.write("go-map-a", "");
    job.write("go-map-b", "");
    // The second worker runs both maps, and dies in its first reduce call with a file half-written.
    await job.appeared(`at-reduce-${second.pid}`);
    const third = job.worker("app.ts");
    await job.statusWhen(({ workers }) => workers.some(({ pid }) => pid === third.pid));
    expect(job.temporaryFiles()).not.toEqual([]);
    second.signal("SIGKILL");
    await job.appeared(`at-reduce-${third.pid}`);
    // What the second has left is removed while the job goes on, and what the third writes is not.
    const filesOf = ({ pid }: { pid: number }) =>
      job.temporaryFiles().filter((name) => name.endsWith(`-${pid}.tmp`));
    while (filesOf(second).length > 0) await sleep(20);
    expect(filesOf(third)).not.toEqual([]);
    job.write("go-reduce", "");

    expect(await exitCodes([coordinator, third])).toEqual([0, 0]);
    expect(job.output()).toBe(COUNTS);
    expect(job.temporaryFiles()).toEqual([]);
    expect(coordinator.stderr).toContain(
      `map task 0, attempt 1, is lost: worker 1 (pid ${first.pid}) is gone`,
    );
    expect(coordinator.stderr).toContain(
      `reduce task 0, attempt 1, is lost: worker 2 (pid ${second.pid}) is gone`,
    );
  });

  it("F6, F7: reassigns a stopped worker's task after the lease, and refuses it when it wakes", async (context) => {
    // Its reduce calls compute while they wait, so that they keep their lease.
    const app = `${GATED_WORD_COUNT.replace("export async function reduce", "async function gated")}
      export function reduce(_key: string, values: string[]) {
        while (!existsSync("go-reduce"));
        return String(values.length);
      }`;
    const job = startJob(context, app);
    const coordinator = await job.ready("a", "b", "-r", "2", "--lease", "6", "--no-backups");
    const sleeper = job.worker("app.ts");
    await job.appeared(`at-map-a-${sleeper.pid}`);
    sleeper.signal("SIGSTOP");
    job.write("go-map-a", "");
    job.write("go-map-b", "");
    const other = job.worker("app.ts");
    await job.statusWhen(({ maps }) => maps.completed === 2);
    await coordinator.printed(
      `map task 0, attempt 1, is lost: worker 1 (pid ${sleeper.pid}) made no progress`,
    );
    const published = [0, 1].map((reduce) => statSync(job.path(`mr-0-${reduce}`)).ino);

    sleeper.signal("SIGCONT");
    // It has finished its attempt and been refused when it works on something else.
    await job.statusWhen(({ workers }) => workers.every(({ task }) => task?.phase === "reduce"));
    expect([0, 1].map((reduce) => statSync(job.path(`mr-0-${reduce}`)).ino)).toEqual(published);
    expect(job.temporaryFiles().filter((name) => name.startsWith(".mr-0-"))).toEqual([]);

    job.write("go-reduce", "");
    expect(await exitCodes([coordinator, sleeper, other])).toEqual([0, 0, 0]);
    expect(job.output()).toBe(COUNTS);
  });

  it("F8: leaves a worker its task that computes for longer than the lease in one call", async (context) => {
    const job = startJob(
      context,
      // Longer than a lease, and that longer than a busy machine holds a process up.
      `import { existsSync } from "node:fs";
      ${MAP.replace("{", "{ const end = Date.now() + 13_000; while (Date.now() < end || !existsSync('go'));")}${REDUCE}`,
    );
    const coordinator = await job.ready("a", "-r", "1", "--lease", "6", "--no-backups");
    const workers = [job.worker("app.ts"), job.worker("app.ts")];
    await job.statusWhen((status) => status.workers.length === 2);
    job.write("go", "");
    expect(await exitCodes([coordinator, ...workers])).toEqual([0, 0, 0]);
    expect(coordinator.stderr).not.toContain("is lost");
    expect(job.output()).toBe("x 2\ny 1\n");
  });

  it("F6: keeps the attempts of all workers when it was the coordinator that stopped for longer than a lease", async (context) => {
    const job = startJob(
      context,
      `import { existsSync, writeFileSync } from "node:fs";
      ${MAP.replace("{", '{ writeFileSync("at-map-" + _file, ""); while (!existsSync("go"));')}${REDUCE}`,
    );
    const coordinator = await job.ready("a", "b", "-r", "1", "--lease", "3", "--no-backups");
    const workers = [job.worker("app.ts"), job.worker("app.ts")];
    await job.appeared("at-map-a");
    await job.appeared("at-map-b");
    for (let times = 0; times < 2; times++) {
      coordinator.signalAlone("SIGSTOP");
      await sleep(5000);
      coordinator.signalAlone("SIGCONT");
      await job.status();
    }
    job.write("go", "");
    expect(await exitCodes([coordinator, ...workers])).toEqual([0, 0, 0]);
    expect(coordinator.stderr).not.toContain("is lost");
    expect(job.output()).toBe("x 2\ny 3\nz 1\n");
  });

  it("F6: takes the task of a worker that only sleeps, whatever its heartbeat costs", async (context) => {
    const job = startJob(context);
    // A backup would be handed out as soon as a lease time has passed, whether or not the lease has ended.
    const coordinator = await job.ready("a", "-r", "2", "--lease", "4", "--no-backups");
    const sleeper = job.worker("app.ts");
    await job.appeared(`at-map-a-${sleeper.pid}`);
    const other = job.worker("app.ts");
    await job.appeared(`at-map-a-${other.pid}`);
    await coordinator.printed("made no progress within its lease");
    job.write("go-map-a", "");
    // One that is still in a call of which nobody wants to know would not hear how the job has ended.
    for (const worker of [sleeper, other]) await job.appeared(`at-reduce-${worker.pid}`);
    job.write("go-reduce", "");
    expect(await exitCodes([coordinator, sleeper, other])).toEqual([0, 0, 0]);
    expect(job.output()).toBe("x 2\ny 1\n");
  });

  it("F37: fails and names the task when the app ends every worker that tries it", async (context) => {
    const job = startJob(context, `${MAP.replace("{", "{ process.exit(0);")}${REDUCE}`);
    const coordinator = await job.ready("a", "--attempts", "1");
    const workers = [1, 2, 3, 4, 5].map(() => job.worker("app.ts"));
    const { code, stderr } = await coordinator.ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/The job failed: Map task 0.* was lost 5 times: .*its worker died\n$/);
    await Promise.all(workers.map(({ ended }) => ended));
    expect(job.output()).toBe("");
  });

  it("F37: fails and names the task when the app waits for what can never happen", async (context) => {
    const job = startJob(
      context,
      `${MAP.replace("{", "{ return new Promise(() => {});")}${REDUCE}`,
    );
    const coordinator = await job.ready("a", "--attempts", "2");
    const worker = job.worker("app.ts");
    const { code, stderr } = await coordinator.ended;
    expect(code).toBe(1);
    expect(stderr).toContain("The job failed: Map task 0 failed 2 times: ");
    expect(stderr).toContain("it waits for a promise that nothing is left to settle");
    expect((await worker.ended).code).toBe(1);
    expect(job.output()).toBe("");
  });

  it("F30, F4: workers end with exit code 1 when the coordinator is killed, whose socket file the next one replaces", async (context) => {
    const job = startJob(context);
    const coordinator = await job.ready("a", "b", "-r", "2", ...NO_LEASE_ENDS);
    for (const gate of ["go-map-a", "go-map-b"]) job.write(gate, "");
    const busy = job.worker("app.ts");
    await job.appeared(`at-reduce-${busy.pid}`);
    job.write("mr-out-0", "a finished result of this job");
    const other = job.worker("app.ts");
    await job.appeared(`at-reduce-${other.pid}`);
    const waiting = job.worker("app.ts");
    await job.statusWhen(({ workers }) => workers.length === 3);
    coordinator.signal("SIGKILL");
    await coordinator.ended;
    job.write("go-reduce", "");
    for (const worker of [busy, other, waiting]) {
      const { code, stderr } = await worker.ended;
      // The coordinator does not wait for long until a busy worker has heard it.
      expect(stderr).toMatch(
        /The job was cancelled; this worker has done|The coordinator has gone/,
      );
      expect(code).toBe(1);
    }
    expect(existsSync(job.path("mr-out-1"))).toBe(false);
    expect(job.temporaryFiles()).toEqual([]);
    // F30: a new coordinator takes over the socket file that was left behind.
    expect(existsSync(job.socketPath)).toBe(true);
    const again = await job.ready("a", "b", "-r", "2");
    expect(await exitCodes([again, job.worker("app.ts")])).toEqual([0, 0]);
    expect(job.output()).toBe(COUNTS);
  });
});

describe("a job that is interrupted", { concurrent: true }, () => {
  it("F39: ends with 130 at Ctrl-C; waiting workers go at once, a busy one after its call", async (context) => {
    const job = startJob(context);
    const coordinator = await job.ready("a", "-r", "1", ...NO_LEASE_ENDS);
    const busy = job.worker("app.ts");
    await job.appeared(`at-map-a-${busy.pid}`);
    const waiting = job.worker("app.ts");
    await job.statusWhen(({ workers }) => workers.length === 2);
    job.write(".mr-out-0.00c0ffee-1-1.tmp", "of a worker that was killed");
    coordinator.signal("SIGINT");
    const { code, stderr } = await coordinator.ended;
    expect(code).toBe(130);
    expect(stderr).toContain("The job is not complete: interrupted by SIGINT");
    job.write("go-map-a", "");
    expect(await exitCodes([waiting])).toEqual([1]);
    expect(existsSync(job.socketPath)).toBe(false);
    await expectToGiveUp(busy);
    // It can be resumed.
    expect(job.files().filter((name) => /^\.?mr-/.test(name))).toEqual([
      ".mr-events",
      ".mr-journal",
    ]);
  });

  it("F39: ends with 130 when all get the Ctrl-C of one terminal, started through tsx", async (context) => {
    const job = startJob(context, GATED_WORD_COUNT, true);
    const coordinator = await job.ready("a");
    const worker = job.worker("app.ts");
    await job.statusWhen(({ maps }) => maps.inProgress === 1);
    coordinator.signal("SIGINT");
    worker.signal("SIGINT");
    expect(await exitCodes([coordinator])).toEqual([130]);
    await worker.ended;
    expect(existsSync(job.socketPath)).toBe(false);
    expect(job.temporaryFiles()).toEqual([]);
  });

  it("F40: ends the same way when the terminal closes or the system shuts down", async (context) => {
    for (const [signal, expected] of [
      ["SIGHUP", 129],
      ["SIGTERM", 143],
    ] as const) {
      const job = startJob(context);
      const coordinator = await job.ready("a");
      const busy = job.worker("app.ts");
      await job.appeared(`at-map-a-${busy.pid}`);
      coordinator.signal(signal);
      const { code, stderr } = await coordinator.ended;
      expect(code).toBe(expected);
      expect(stderr).toContain(`interrupted by ${signal}`);
      job.write("go-map-a", "");
      await expectToGiveUp(busy);
      expect(existsSync(job.socketPath)).toBe(false);
    }
  });

  it("F40: goes on when nobody reads what it writes any more", async (context) => {
    const job = startJob(context, MAP + REDUCE);
    const coordinator = await job.ready("a", "b");
    coordinator.closeOutput();
    const worker = job.worker("app.ts");
    worker.closeOutput();
    expect(await exitCodes([coordinator, worker])).toEqual([0, 0]);
    expect(job.output()).toBe(COUNTS);
  });
});
