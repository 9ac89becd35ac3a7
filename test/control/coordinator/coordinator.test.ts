import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { MrError, UsageError } from "../../../src/mr/base/errors.ts";
import {
  Coordinator,
  type CoordinatorOptions,
} from "../../../src/mr/control/coordinator/coordinator.ts";
import { RpcClient } from "../../../src/mr/control/protocol/client.ts";
import {
  type Params,
  PROTOCOL_VERSION,
  type Results,
  RPC_ERRORS,
} from "../../../src/mr/control/protocol/protocol.ts";
import { RpcServer } from "../../../src/mr/control/protocol/server.ts";
import type { Splitting } from "../../../src/mr/job/split.ts";
import type { Refusal } from "../../../src/mr/job/task.ts";
import { EventDescriber, type EventLine } from "../../../src/mr/watch/format/describe-event.ts";
import { withMessages } from "../../../src/mr/watch/format/describe-failure.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const IDENTITY = { protocol: PROTOCOL_VERSION, pid: 1, splitting: "wholeFile" } as const;
const WC = { ...IDENTITY, app: "wc.ts", digest: "a".repeat(64) };
const ENOUGH = { type: "requested", message: "enough" } as const;
const INDEXER = { ...IDENTITY, app: "indexer.ts", digest: "b".repeat(64) };

/** A job of one map and one reduce task, with a lease so long that it never ends by itself. */
async function startJob(options: Partial<CoordinatorOptions> = {}) {
  const directory = temporaryDirectory();
  const socketPath = join(directory, "s.sock");
  const log: string[] = [];
  const describer = new EventDescriber();
  const isNotable = ({ level }: EventLine) => level !== "detail";
  const coordinator = await Coordinator.start({
    plan: () => [{ file: "a.txt", start: 0, end: 10 }],
    directory,
    inputDirectory: directory,
    reduces: 1,
    leaseMs: 600_000,
    maxFailures: 2,
    maxLosses: 3,
    maxBackups: 1,
    taskTimeoutMs: Infinity,
    skipBadRecords: false,
    listen: (service) => RpcServer.listen({ ...service, socketPath }),
    onEvent: (event) => {
      log.push(
        ...describer
          .describe(withMessages(event))
          .filter(isNotable)
          .map(({ text }) => text),
      );
    },
    onAbandoned: () => undefined,
    ...options,
  });
  onTestFinished(async () => {
    coordinator.cancel(ENOUGH);
    await coordinator.finished.catch(() => undefined);
  });
  const connect = () => {
    const client = new RpcClient(socketPath);
    onTestFinished(() => client.close());
    return client;
  };
  /** A worker that has registered, to be moved by hand. */
  const join_ = async (identity: Params<"worker.register"> = WC) => {
    const client = connect();
    const { worker } = await client.call("worker.register", identity);
    return new HandWorker(client, worker);
  };
  return { coordinator, socketPath, log, connect, join: join_ };
}

function refusedWith(refusal: Refusal) {
  return { code: RPC_ERRORS.refused, data: refusal };
}

class HandWorker {
  readonly client: RpcClient;
  readonly worker: number;

  constructor(client: RpcClient, worker: number) {
    this.client = client;
    this.worker = worker;
  }

  request(): Promise<Results["task.request"]> {
    return this.client.call("task.request", { worker: this.worker });
  }

  async commit(phase: "map" | "reduce", attempt: number): Promise<boolean> {
    const id = { worker: this.worker, phase, task: 0, attempt };
    return (await this.client.call("task.commit", id)).accepted;
  }

  async complete(phase: "map" | "reduce", attempt: number): Promise<boolean> {
    const name = phase === "map" ? "mr-0-0" : "mr-out-0";
    const outputs = [{ name, bytes: 12, crc32: 7 }];
    const id = { worker: this.worker, phase, task: 0, attempt, outputs, counters: { lines: 3 } };
    return (await this.client.call("task.complete", id)).accepted;
  }

  async fail(phase: "map" | "reduce", attempt: number, message: string): Promise<boolean> {
    const code = "APP_THREW";
    const id = { worker: this.worker, phase, task: 0, attempt, code, message } as const;
    return (await this.client.call("task.fail", id)).accepted;
  }
}

const INPUT = { file: "a.txt", start: 0, end: 10, isWhole: true, others: 0 };
const MAP = { kind: "map", task: 0, split: { file: "a.txt", start: 0, end: 10 } };

describe("the coordinator", () => {
  it("F32 keeps leases and elapsed time as they are when the wall clock jumps", async () => {
    const { coordinator, log, join: joinJob } = await startJob();
    const worker = await joinJob();
    await worker.request();
    vi.useFakeTimers({ toFake: ["Date"] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    for (const date of ["2100-01-01", "1980-01-01"]) {
      vi.setSystemTime(date);
      // Any call makes the scheduler look for leases that have ended.
      expect(await worker.commit("map", 1)).toBe(true);
      expect(coordinator.status.maps).toMatchObject({ inProgress: 1 });
      expect(coordinator.status.elapsedMs).toBeLessThan(600_000);
      expect(coordinator.status.elapsedMs).toBeGreaterThanOrEqual(0);
    }
    expect(log.filter((line) => line.includes("is lost"))).toEqual([]);
  });

  it("takes a job from its first request to its end, and its socket is gone then", async () => {
    const { coordinator, socketPath, join } = await startJob();
    const worker = await join();
    expect(await worker.request()).toEqual({ ...MAP, attempt: 1 });
    expect(await worker.commit("map", 1)).toBe(true);
    expect(await worker.complete("map", 1)).toBe(true);
    const sources = [{ name: "mr-0-0", bytes: 12, crc32: 7 }];
    expect(await worker.request()).toEqual({ kind: "reduce", task: 0, attempt: 1, sources });
    expect(await worker.commit("reduce", 1)).toBe(true);
    const waiting = await join();
    const dismissed = waiting.request();
    expect(await worker.complete("reduce", 1)).toBe(true);
    expect(await dismissed).toEqual({ kind: "exit", outcome: "completed" });
    expect(await worker.request()).toEqual({ kind: "exit", outcome: "completed" });
    worker.client.close();
    waiting.client.close();
    expect(await coordinator.finished).toEqual({ state: "completed" });
    expect(existsSync(socketPath)).toBe(false);
    expect(coordinator.status.counters).toEqual({ lines: 6 });
  });

  it("waits for a worker that has done its last task and is slow to ask for the next", async () => {
    const { coordinator, join } = await startJob();
    // However long this process is held up, no more time passes for the coordinator than the test says.
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const worker = await join();
    for (const phase of ["map", "reduce"] as const) {
      await worker.request();
      expect(await worker.commit(phase, 1)).toBe(true);
      expect(await worker.complete(phase, 1)).toBe(true);
    }
    // As on a machine that has no processor for it just then.
    vi.advanceTimersByTime(4000);
    await new Promise((resolve) => setImmediate(resolve));
    expect(await worker.request()).toEqual({ kind: "exit", outcome: "completed" });
    worker.client.close();
    expect(await coordinator.finished).toEqual({ state: "completed" });
  });

  it("ends although a worker never asks again and somebody keeps a connection open", async () => {
    const { coordinator, connect, join } = await startJob();
    await join();
    await connect().call("job.status", undefined);
    coordinator.cancel(ENOUGH);
    expect(await coordinator.finished).toEqual({ state: "cancelled", reason: ENOUGH });
  });

  it("ends although a worker has asked for a task twice, on two connections", async () => {
    const { coordinator, connect, join } = await startJob();
    const [busy, worker] = [await join(), await join()];
    await busy.request();
    const first = worker.request();
    const second = new HandWorker(connect(), worker.worker).request();
    while (coordinator.status.workers.length < 2) await worker.client.call("job.status", undefined);
    coordinator.cancel(ENOUGH);
    await coordinator.finished;
    const answers = await Promise.allSettled([first, second]);
    expect(answers.some(({ status }) => status === "fulfilled")).toBe(true);
  });

  it("answers a waiting request when a failed task comes back", async () => {
    const { join } = await startJob();
    const [first, second] = [await join(), await join()];
    await first.request();
    const answer = second.request();
    expect(await first.fail("map", 1, "no luck")).toBe(true);
    expect(await answer).toEqual({ ...MAP, attempt: 2 });
  });

  it("F1: gives the task of a worker whose connection is gone to another at once", async () => {
    const { log, join } = await startJob();
    const [first, second] = [await join(), await join()];
    await first.request();
    const answer = second.request();
    first.client.close();
    // The lease is ten minutes, so this is not its end.
    expect(await answer).toEqual({ ...MAP, attempt: 2 });
    expect(log.join("\n")).toContain("map task 0, attempt 1, is lost: worker 1");
    expect(log.join("\n")).toContain("is gone");
  });

  it("F3: lets the next attempt commit when a worker is killed between its rename and its report", async () => {
    const { join } = await startJob();
    const [first, second] = [await join(), await join()];
    await first.request();
    expect(await first.commit("map", 1)).toBe(true);
    const answer = second.request();
    first.client.close();
    expect(await answer).toEqual({ ...MAP, attempt: 2 });
    expect(await second.commit("map", 2)).toBe(true);
    expect(await second.complete("map", 2)).toBe(true);
  });

  it("F6, F7: gives a task to another when its lease ends, and refuses the late report", async () => {
    const { log, join } = await startJob({ leaseMs: 100 });
    const [first, second] = [await join(), await join()];
    await first.request();
    expect(await second.request()).toEqual({ ...MAP, attempt: 2 });
    expect(await first.commit("map", 1)).toBe(false);
    expect(await first.complete("map", 1)).toBe(false);
    expect(await first.fail("map", 1, "too late")).toBe(false);
    expect(log.join("\n")).toContain("made no progress within its lease");
  });

  it("does not give a task to a request whose connection has closed", async () => {
    const { join } = await startJob();
    const [first, second, third] = [await join(), await join(), await join()];
    await first.request();
    const lost = second.request();
    second.client.close();
    await expect(lost).rejects.toThrow();
    const answer = third.request();
    first.client.close();
    expect(await answer).toEqual({ ...MAP, attempt: 2 });
  });

  it("F33: refuses a worker with another app, and both sides say which", async () => {
    const { log, join } = await startJob();
    await join(WC);
    const jobApp = { job: WC.app, jobDigest: WC.digest };
    const other = { worker: INDEXER.app, workerDigest: INDEXER.digest };
    const refused = refusedWith({ type: "app", ...jobApp, ...other });
    await expect(join(INDEXER)).rejects.toMatchObject(refused);
    const reason =
      'the job runs app "wc.ts" (aaaaaaaaaaaa…), the worker has "indexer.ts" (bbbbbbbbbbbb…)';
    expect(log).toEqual([`Refused a worker (pid 1): ${reason}`]);
    // The same app from elsewhere is the same app.
    await join({ ...WC, app: "count.ts" });
  });

  it("F33: refuses a worker that speaks another version of the protocol", async () => {
    const { log, join } = await startJob();
    const stranger = { ...WC, protocol: 99 } as unknown as typeof WC;
    const refused = refusedWith({ type: "protocol", job: PROTOCOL_VERSION, worker: 99 });
    await expect(join(stranger)).rejects.toMatchObject(refused);
    const reason = `the coordinator speaks protocol ${PROTOCOL_VERSION}, the worker 99`;
    expect(log).toEqual([`Refused a worker (pid 1): ${reason}`]);
  });

  it("F33: takes another app as long as nothing has been started with the first", async () => {
    const { coordinator, join } = await startJob();
    const wrong = await join(WC);
    wrong.client.close();
    while (coordinator.status.workers.length > 0) await new Promise(setImmediate);
    const right = await join(INDEXER);
    expect(coordinator.status.app).toBe("indexer.ts");
    await right.request();
    right.client.close();
    while (coordinator.status.workers.length > 0) await new Promise(setImmediate);
    await expect(join(WC)).rejects.toMatchObject({ data: { type: "app", job: INDEXER.app } });
  });

  it("refuses a worker whose app needs more reduce tasks, before anything is planned", async () => {
    const { coordinator, log, join } = await startJob();
    const refused = refusedWith({ type: "reduces", app: "wc.ts", job: 1, worker: 3 });
    await expect(join({ ...WC, minReduces: 3 })).rejects.toMatchObject(refused);
    const reason = 'rangePartition of app "wc.ts" needs 3 reduce tasks or more, the job has 1';
    expect(log).toEqual([`Refused a worker (pid 1): ${reason}`]);
    expect(coordinator.status.app).toBeNull();
    await join({ ...WC, minReduces: 1 });
  });

  it("tells the names of all inputs to a worker whose app checks them, and to no other", async () => {
    const { connect } = await startJob();
    const register = (identity: Params<"worker.register">) =>
      connect().call("worker.register", identity);
    expect((await register({ ...WC, checksInputs: true })).inputs).toEqual(["a.txt"]);
    expect(await register(WC)).not.toHaveProperty("inputs");
  });

  it("knows only the numbers it has given out", async () => {
    const { connect } = await startJob();
    for (const worker of [0, 1, 99]) {
      await expect(connect().call("task.request", { worker })).rejects.toMatchObject({
        code: RPC_ERRORS.unknownWorker,
      });
    }
  });

  it("shows in job.status who does what", async () => {
    const { connect, join } = await startJob();
    const [busy] = [await join(), await join()];
    await busy.request();
    expect(await connect().call("job.status", undefined)).toMatchObject({
      state: "running",
      phase: "map",
      app: "wc.ts",
      maps: { idle: 0, inProgress: 1, completed: 0 },
      reduces: { idle: 1, inProgress: 0, completed: 0 },
      workers: [
        { worker: 1, pid: 1, task: { phase: "map", task: 0, attempt: 1 } },
        { worker: 2, pid: 1, task: null },
      ],
    });
  });

  it("is cancelled by job.cancel, once, with the reason given", async () => {
    const { coordinator, connect, join } = await startJob();
    const [busy, waiting] = [await join(), await join()];
    await busy.request();
    const dismissed = waiting.request();
    expect(await connect().call("job.cancel", { reason: "lunch" })).toEqual({ accepted: true });
    expect(await dismissed).toEqual({ kind: "exit", outcome: "cancelled" });
    const reason = { type: "requested", message: "lunch" };
    expect(await coordinator.finished).toEqual({ state: "cancelled", reason });
  });

  it("F22: fails the job after as many failures as it was told, with message and stack", async () => {
    const { coordinator, join } = await startJob();
    const worker = await join();
    const failure = {
      code: "APP_THREW",
      message: "map of wc.ts failed",
      stack: "Error: no\n    at map",
    } as const;
    for (const attempt of [1, 2]) {
      await worker.request();
      const id = { worker: worker.worker, phase: "map", task: 0, attempt } as const;
      await worker.client.call("task.fail", { ...id, ...failure });
    }
    expect(await worker.request()).toEqual({ kind: "exit", outcome: "failed" });
    worker.client.close();
    expect(await coordinator.finished).toEqual({
      state: "failed",
      reason: {
        type: "failedTooOften",
        phase: "map",
        task: 0,
        count: 2,
        last: failure,
        input: INPUT,
      },
    });
  });

  it("cuts the inputs once for all workers of an app, and again for another app", async () => {
    const plan = vi.fn(() => [{ file: "a.txt", start: 0, end: 10 }]);
    const { coordinator, join } = await startJob({ plan });
    const before = plan.mock.calls.length;
    const workers = [await join(), await join(), await join()];
    expect(plan).toHaveBeenCalledTimes(before + 1);
    for (const worker of workers) worker.client.close();
    while (coordinator.status.workers.length > 0) await new Promise(setImmediate);
    await join(INDEXER);
    expect(plan).toHaveBeenCalledTimes(before + 2);
  });

  it("F15: ends the job when its inputs cannot be planned for the first worker", async () => {
    let isGone = false;
    const plan = () => {
      if (isGone) throw new MrError("INPUT_NOT_FOUND", "a.txt is gone");
      return [{ file: "a.txt", start: 0, end: 10 }];
    };
    const { coordinator, join } = await startJob({ plan });
    isGone = true;
    const worker = await join();
    expect(await worker.request()).toEqual({ kind: "exit", outcome: "cancelled" });
    const reason = { type: "error", code: "INPUT_NOT_FOUND", message: "a.txt is gone" };
    expect(await coordinator.finished).toEqual({ state: "cancelled", reason });
  });

  it("turns a worker away whose splitting makes no sense, and goes on with the next", async () => {
    const plan = (splitting: Splitting) => {
      if (typeof splitting !== "string") throw new UsageError("There is no scanner");
      return [{ file: "a.txt", start: 0, end: 10 }];
    };
    const { coordinator, join, connect } = await startJob({ plan });
    const client = connect();
    const splitting = { scanner: "x", options: {} };
    await expect(client.call("worker.register", { ...INDEXER, splitting })).rejects.toMatchObject({
      code: RPC_ERRORS.invalidParams,
      message: "There is no scanner",
    });
    client.close();
    while (coordinator.status.workers.length > 0) await new Promise(setImmediate);
    expect(await (await join()).request()).toEqual({ ...MAP, attempt: 1 });
  });

  it("says at once that it is deposed, and then ends with the reason", async () => {
    const said: string[] = [];
    const log = {
      append: () => Promise.reject(new MrError("LOG_TAKEN", "taken")),
      check: async () => undefined,
      close: () => undefined,
    };
    const onDeposed = () => said.push("deposed");
    const { coordinator, join } = await startJob({ log, onDeposed });
    const { client, worker } = await join();
    // The first assignment needs a record.
    const request = client.call("task.request", { worker });
    await expect(coordinator.finished).rejects.toMatchObject({ code: "LOG_TAKEN" });
    expect(said).toEqual(["deposed"]);
    expect(coordinator.isDeposed).toBe(true);
    await expect(request).rejects.toThrow();
  });

  it("F37: fails the job when its task takes down one worker after another", async () => {
    const { coordinator, join } = await startJob();
    for (let death = 0; death < 3; death++) {
      const worker = await join();
      await worker.request();
      worker.client.close();
    }
    const outcome = await coordinator.finished;
    const reason = { type: "lostTooOften", phase: "map", task: 0, count: 3, last: "workerGone" };
    expect(outcome).toMatchObject({ state: "failed", reason });
  });
});
