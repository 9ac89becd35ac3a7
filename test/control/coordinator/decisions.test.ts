// Tests src/mr/control/coordinator: the order of what it keeps and gives, and answers whose decision can't be kept.

import { describe, expect, it } from "vitest";
import { MrError } from "../../../src/mr/base/errors.ts";
import { JobControl } from "../../../src/mr/control/coordinator/job-control.ts";
import type { LogRecord } from "../../../src/mr/control/log/job-log.ts";
import { PROTOCOL_VERSION } from "../../../src/mr/control/protocol/protocol.ts";
import type { AttemptId, JobEnd, Phase, SkippedRecord } from "../../../src/mr/job/task.ts";
import { Deferred } from "../../support/deferred.ts";

const WC = { pid: 1, app: "wc.ts", digest: "a".repeat(64), splitting: "wholeFile" } as const;
const CALLER = { onHangUp: () => undefined, identify: () => undefined };
const MAPS = 2;
const REDUCES = 3;

/** A log that keeps records at once, or when the test says so. */
class Log {
  readonly appended: LogRecord[][] = [];
  /** The appends that are not done, if they are to wait. */
  waiting: Deferred<void>[] | undefined;

  #failure: Error | undefined;

  append(records: readonly LogRecord[]): void | Promise<void> {
    this.appended.push([...records]);
    if (this.#failure !== undefined) throw this.#failure;
    if (this.waiting === undefined) return undefined;
    const deferred = new Deferred<void>();
    this.waiting.push(deferred);
    return deferred.promise;
  }

  /** Fails the appends that wait, and all later ones. */
  fail(error: Error): void {
    this.#failure = error;
    for (const { reject } of this.waiting ?? []) reject(error);
  }

  async check(): Promise<void> {
    // It leads.
  }

  close(): void {
    // There is nothing to release.
  }
}

/** A job of two map and three reduce tasks, with workers that do what the test says. */
class Setup {
  readonly log = new Log();
  readonly outcomes: JobEnd[] = [];
  /** The names of the results that were checked. */
  readonly checked: string[] = [];
  readonly job: JobControl;

  constructor() {
    const splits = Array.from({ length: MAPS }, (_, map) => ({ file: `${map}`, start: 0, end: 1 }));
    this.job = new JobControl(
      {
        plan: () => splits,
        checkResults: (results) => {
          this.checked.push(...results.map(({ name }) => name));
          return [];
        },
        ...{ directory: "/job", inputDirectory: "/job", reduces: REDUCES, leaseMs: 1000 },
        ...{ maxFailures: 2, maxLosses: 3, maxBackups: 1, taskTimeoutMs: Infinity },
        ...{ skipBadRecords: true, log: this.log },
      },
      {
        nowMs: () => 0,
        onStep: () => undefined,
        onEnd: (outcome) => this.outcomes.push(outcome),
        onDeposed: () => undefined,
      },
    );
    this.job.start();
  }

  async join(): Promise<number> {
    const params = { ...WC, protocol: PROTOCOL_VERSION };
    return (await this.job.handlers["worker.register"](params, CALLER)).worker;
  }

  async request(worker: number) {
    return await this.job.handlers["task.request"]({ worker }, CALLER);
  }

  async commit(worker: number, id: AttemptId): Promise<boolean> {
    return (await this.job.handlers["task.commit"]({ worker, ...id }, CALLER)).accepted;
  }

  async complete(worker: number, id: AttemptId): Promise<boolean> {
    const { phase, task } = id;
    const names =
      phase === "map"
        ? Array.from({ length: REDUCES }, (_, reduce) => `mr-${task}-${reduce}`)
        : [`mr-out-${task}`];
    const outputs = names.map((name) => ({ name, bytes: 1, crc32: 1 }));
    const skipped: SkippedRecord[] = [{ place: `${phase} ${task}`, reason: "bad" }];
    const params = { worker, ...id, outputs, counters: { [phase]: 1 }, skipped };
    return (await this.job.handlers["task.complete"](params, CALLER)).accepted;
  }

  /** Lets one worker each have the tasks of a phase, and completes them in this order. */
  async run(phase: Phase, order: readonly number[]): Promise<void> {
    const workers = new Map<number, number>();
    for (const _ of order) {
      const worker = await this.join();
      const assignment = await this.request(worker);
      if (assignment.kind !== phase) throw new Error(`It has got a ${assignment.kind} task`);
      workers.set(assignment.task, worker);
    }
    for (const task of order) {
      const worker = workers.get(task) ?? 0;
      const id = { phase, task, attempt: 1 };
      expect(await this.commit(worker, id)).toBe(true);
      expect(await this.complete(worker, id)).toBe(true);
    }
  }
}

describe("tasks that are completed in another order than theirs", () => {
  it("are in the log in the order in which they were completed, the end after all", async () => {
    const { log, ...setup } = await completed();
    const names = log.appended.map((records) => records.map(nameOf));
    expect(names).toEqual([
      ["plan"],
      ["completed map 1"],
      ["completed map 0"],
      ["completed reduce 2"],
      ["completed reduce 0"],
      ["completed reduce 1", "ended"],
    ]);
    expect(setup.outcomes).toEqual([{ state: "completed" }]);
  });

  it("give their results in the order of the tasks, and skipped records of maps first", async () => {
    const { job, checked } = await completed();
    expect(checked).toEqual(["mr-out-0", "mr-out-1", "mr-out-2"]);
    const places = job.skipped.map(({ place }) => place);
    expect(places).toEqual(["map 0", "map 1", "reduce 0", "reduce 1", "reduce 2"]);
    expect(job.status.counters).toEqual({ map: MAPS, reduce: REDUCES });
  });

  it("are the sources of reduce tasks in the order of the map tasks", async () => {
    const setup = new Setup();
    await setup.run("map", [1, 0]);
    const assignment = await setup.request(await setup.join());
    const sources = ["mr-0-0", "mr-1-0"].map((name) => ({ name, bytes: 1, crc32: 1 }));
    expect(assignment).toMatchObject({ kind: "reduce", task: 0, sources });
  });
});

describe("a coordinator whose log fails", () => {
  const full = new MrError("LOG_UNWRITABLE", "the disk is full");

  it("F12 refuses the commits and completions that wait for it, and all after them", async () => {
    const setup = new Setup();
    const { log } = setup;
    const [first, second] = [await setup.join(), await setup.join()];
    for (const worker of [first, second]) await setup.request(worker);
    const ids = [0, 1].map((task) => ({ phase: "map", task, attempt: 1 }) as const);
    const [one, other] = ids as [AttemptId, AttemptId];
    expect(await setup.commit(first, one)).toBe(true);
    log.waiting = [];
    const completing = setup.complete(first, one);
    // Nothing of it has to be kept, but it must not overtake what has.
    const committing = setup.commit(second, other);
    log.fail(full);
    expect(await Promise.all([completing, committing])).toEqual([false, false]);
    expect(await setup.commit(second, other)).toBe(false);
    const reason = { type: "error", code: "LOG_UNWRITABLE", message: full.message };
    expect(setup.outcomes).toEqual([{ state: "cancelled", reason }]);
  });

  it("F12 writes nothing more to it, whatever happens", async () => {
    const setup = new Setup();
    const { log } = setup;
    const [first, second] = [await setup.join(), await setup.join()];
    for (const worker of [first, second]) await setup.request(worker);
    const ids = [0, 1].map((task) => ({ phase: "map", task, attempt: 1 }) as const);
    const [one, other] = ids as [AttemptId, AttemptId];
    expect(await setup.commit(first, one)).toBe(true);
    expect(await setup.commit(second, other)).toBe(true);
    log.waiting = [];
    const completing = setup.complete(first, one);
    const before = log.appended.length;
    log.fail(full);
    expect(await completing).toBe(false);
    expect(await setup.complete(second, other)).toBe(false);
    setup.job.cancel({ type: "requested", message: "enough" });
    setup.job.leave(first);
    setup.job.tick();
    expect(await setup.request(await setup.join())).toMatchObject({ kind: "exit" });
    expect(log.appended).toHaveLength(before);
  });

  it("F12 tells nobody that the job is complete if that can't be kept", async () => {
    const setup = new Setup();
    const { log, job } = setup;
    await setup.run("map", [0, 1]);
    await setup.run("reduce", [0, 1]);
    const [worker, late] = [await setup.join(), await setup.join()];
    await setup.request(worker);
    const last = { phase: "reduce", task: 2, attempt: 1 } as const;
    expect(await setup.commit(worker, last)).toBe(true);
    log.waiting = [];
    const waiting = setup.request(late);
    const completing = setup.complete(worker, last);
    log.fail(full);
    expect(await completing).toBe(false);
    const cancelled = { kind: "exit", outcome: "cancelled" };
    expect(await waiting).toEqual(cancelled);
    // The worker has not got the answer, and reports again.
    expect(await setup.complete(worker, last)).toBe(false);
    expect(await setup.request(worker)).toEqual(cancelled);
    expect(await setup.request(await setup.join())).toEqual(cancelled);
    expect(job.status.state).toBe("cancelled");
    const reason = { type: "error", code: "LOG_UNWRITABLE", message: full.message };
    expect(setup.outcomes).toEqual([{ state: "cancelled", reason }]);
  });
});

/** A complete job whose tasks were completed out of their order. */
async function completed(): Promise<Setup> {
  const setup = new Setup();
  await setup.run("map", [1, 0]);
  await setup.run("reduce", [2, 0, 1]);
  return setup;
}

function nameOf(record: LogRecord): string {
  return record.type === "completed"
    ? `${record.type} ${record.phase} ${record.task}`
    : record.type;
}
