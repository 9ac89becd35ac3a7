import { describe, expect, it } from "vitest";
import { MrError } from "../../../src/mr/base/errors.ts";
import { JobControl } from "../../../src/mr/control/coordinator/job-control.ts";
import {
  type JobLog,
  LOG_VERSION,
  type LogState,
  replay,
} from "../../../src/mr/control/log/job-log.ts";
import { PROTOCOL_VERSION, RPC_ERRORS } from "../../../src/mr/control/protocol/protocol.ts";
import type { DecidedEvent } from "../../../src/mr/job/events.ts";

const LEASE_MS = 1000;
const WC = { pid: 1, app: "wc.ts", digest: "a".repeat(64), splitting: "wholeFile" } as const;
const CALLER = { onHangUp: () => undefined, identify: () => undefined };

/** A job of one map and one reduce task, whose log and clock the test moves. */
function startJob(log: JobLog, resumed?: LogState, isInPlace?: () => boolean) {
  let nowMs = 0;
  const said: string[] = [];
  const events: DecidedEvent[] = [];
  const job = new JobControl(
    {
      plan: () => [{ file: "a.txt", start: 0, end: 10 }],
      directory: "/job",
      inputDirectory: "/job",
      reduces: 1,
      leaseMs: LEASE_MS,
      maxFailures: 2,
      maxLosses: 3,
      maxBackups: 1,
      taskTimeoutMs: Infinity,
      skipBadRecords: false,
      log,
      resumed,
      isInPlace,
      onEvent: (event) => {
        events.push(event);
        said.push(event.type);
      },
    },
    {
      nowMs: () => nowMs,
      onStep: () => undefined,
      onEnd: () => said.push("end"),
      onDeposed: ({ code }) => said.push(code),
    },
  );
  job.start();
  const pass = async (ms: number) => {
    nowMs += ms;
    job.tick();
    await new Promise(setImmediate);
  };
  return { job, said, events, pass };
}

const settled = async (call: Promise<unknown>) => {
  const pending = new Promise((resolve) => setImmediate(resolve, "silent"));
  const answer = call.then(
    () => "answer",
    (error: { code: number }) => error.code,
  );
  return Promise.race([answer, pending]);
};

describe("a coordinator that another one has deposed", () => {
  it("answers no call any more, not even with an error", async () => {
    const taken = new MrError("LOG_TAKEN", "taken");
    const log = { append: () => Promise.reject(taken), check: async () => undefined };
    const { job, said } = startJob({ ...log, close: () => undefined });
    const { handlers } = job;
    const register = (protocol: number) =>
      settled((async () => handlers["worker.register"]({ ...WC, protocol }, CALLER))());
    expect(await register(PROTOCOL_VERSION)).toBe("answer");
    expect(await register(0)).toBe(RPC_ERRORS.refused);
    const request = (worker: number) =>
      settled((async () => handlers["task.request"]({ worker }, CALLER))());
    expect(await request(9)).toBe(RPC_ERRORS.unknownWorker);
    // The first assignment needs a record.
    expect(await request(1)).toBe("silent");
    expect(said.at(-1)).toBe("LOG_TAKEN");
    const before = [...said];
    expect(await register(PROTOCOL_VERSION)).toBe("silent");
    expect(await register(0)).toBe("silent");
    expect(await request(1)).toBe("silent");
    expect(await request(9)).toBe("silent");
    const id = { phase: "map", task: 0, attempt: 1 } as const;
    const wrong = { outputs: [], counters: {} };
    for (const worker of [1, 9]) {
      const report = { worker, ...id };
      const complete = async () => handlers["task.complete"]({ ...report, ...wrong }, CALLER);
      const commit = async () => handlers["task.commit"](report, CALLER);
      expect(await settled(complete())).toBe("silent");
      expect(await settled(commit())).toBe("silent");
    }
    expect(await settled((async () => handlers["job.status"](undefined, CALLER))())).toBe("silent");
    expect(await settled((async () => handlers["job.cancel"]({}, CALLER))())).toBe("silent");
    expect(said).toEqual(before);
  });

  it("notices within about a lease, although it has nothing to write", async () => {
    let isTaken = false;
    const check = async () => {
      if (isTaken) throw new MrError("LOG_TAKEN", "taken");
    };
    const { job, said, pass } = startJob({
      append: () => undefined,
      check,
      close: () => undefined,
    });
    expect(job.tickInMs).toBe(LEASE_MS);
    await pass(LEASE_MS);
    expect(said).not.toContain("LOG_TAKEN");
    isTaken = true;
    await pass(LEASE_MS - 1);
    expect(said).not.toContain("LOG_TAKEN");
    expect(job.tickInMs).toBe(1);
    await pass(1);
    expect(said.at(-1)).toBe("LOG_TAKEN");
    expect(job.tickInMs).toBeUndefined();
  });

  it("notices at once when a worker has seen a higher term", async () => {
    let isTaken = false;
    const check = async () => {
      if (isTaken) throw new MrError("LOG_TAKEN", "taken");
    };
    const log = { append: () => undefined, check, close: () => undefined };
    const { job, said } = startJob(log);
    const id = { phase: "map", task: 0, attempt: 1 } as const;
    const calls = (term: number) => [
      async () => job.handlers["task.request"]({ worker: 1, term }, CALLER),
      async () => job.handlers["task.commit"]({ worker: 1, term, ...id }, CALLER),
    ];
    // A job that was begun anew has lower terms than the one before in its directory.
    for (const make of calls(2)) expect(await settled(make())).toBe(RPC_ERRORS.unknownWorker);
    isTaken = true;
    for (const make of calls(1)) expect(await settled(make())).toBe(RPC_ERRORS.unknownWorker);
    expect(said).not.toContain("LOG_TAKEN");
    for (const make of calls(2)) expect(await settled(make())).toBe("silent");
    expect(said.at(-1)).toBe("LOG_TAKEN");
  });
});

describe("a coordinator whose directory was replaced", () => {
  it.each([
    ["ends the job", "LOG_UNWRITABLE", "jobEnded"],
    ["is silent, where another coordinator leads the job,", "LOG_TAKEN", "LOG_TAKEN"],
  ] as const)("F61 %s before an attempt may publish its output", async (_, code, end) => {
    let isInPlace = true;
    const check = async () => {
      if (!isInPlace) throw new MrError(code, "replaced");
    };
    const log = { append: () => undefined, check, close: () => undefined };
    const { job, said } = startJob(log, undefined, () => isInPlace);
    await job.handlers["worker.register"]({ ...WC, protocol: PROTOCOL_VERSION }, CALLER);
    await job.handlers["task.request"]({ worker: 1 }, CALLER);
    const id = { worker: 1, phase: "map", task: 0, attempt: 1 } as const;
    const commit = async () => job.handlers["task.commit"](id, CALLER);
    expect(await commit()).toMatchObject({ accepted: true });
    isInPlace = false;
    if (code === "LOG_TAKEN") expect(await settled(commit())).toBe("silent");
    else expect(await commit()).toMatchObject({ accepted: false });
    expect(said).toContain(end);
  });
});

describe("the first event of a coordinator", () => {
  it("has its term, which is one more than that of the coordinator before", () => {
    const log = { append: () => undefined, check: async () => undefined, close: () => undefined };
    expect(startJob(log).events[0]).toMatchObject({ type: "jobStarted", resumed: false, term: 1 });
    const job = { type: "job", version: LOG_VERSION, reduces: 1, skipBadRecords: false } as const;
    const records = { ...job, maxBadRecords: 0, inputDirectory: "/job", inputs: [] };
    const resumed = replay([records, { type: "resumed", term: 6 }]);
    const [first] = startJob(log, resumed).events;
    expect(first).toMatchObject({ type: "jobStarted", resumed: true, term: 7 });
  });
});

describe("a lease", () => {
  const log = { append: () => undefined, check: async () => undefined, close: () => undefined };
  const ID = { phase: "map", task: 0, attempt: 1, worker: 1 } as const;

  it.each([true, false])(
    "F42 F43 is renewed without progress only for an attempt that is alive: %s",
    async (alive) => {
      const { job, said, pass } = startJob(log);
      await job.handlers["worker.register"]({ ...WC, protocol: PROTOCOL_VERSION }, CALLER);
      await job.handlers["task.request"]({ worker: 1 }, CALLER);
      for (let beat = 0; beat < 8; beat++) {
        await pass(LEASE_MS / 4);
        const progress = { records: 0, bytes: 0, cpuMs: 0, alive };
        await job.handlers["task.progress"]({ ...ID, ...progress }, CALLER);
      }
      expect(said.includes("attemptLost")).toBe(!alive);
    },
  );
});

describe("a worker that completes a task and asks for the next one", () => {
  const output = (name: string) => ({ name, bytes: 0, crc32: 0 });
  const report = (worker: number, phase: "map" | "reduce", name: string) => ({
    ...{ worker, phase, task: 0, attempt: 1, outputs: [output(name)], counters: {} },
  });
  const KEEPING: JobLog = {
    append: () => undefined,
    check: async () => undefined,
    close: () => undefined,
  };

  async function withWorkers(count: number, log = KEEPING) {
    const started = startJob(log);
    const { handlers } = started.job;
    for (let worker = 1; worker <= count; worker++) {
      await handlers["worker.register"]({ ...WC, protocol: PROTOCOL_VERSION }, CALLER);
    }
    const request = (worker: number) => handlers["task.request"]({ worker }, CALLER);
    const complete = async (worker: number, phase: "map" | "reduce", name: string) => {
      await handlers["task.commit"](
        { ...report(worker, phase, name), outputs: undefined } as never,
        CALLER,
      );
      return handlers["task.complete"]({ ...report(worker, phase, name), next: true }, CALLER);
    };
    return { ...started, request, complete };
  }

  it("gets it with the answer, and the end of the job too", async () => {
    const { request, complete, said } = await withWorkers(1);
    await request(1);
    const first = await complete(1, "map", "mr-0-0");
    expect(first).toMatchObject({ accepted: true, next: { kind: "reduce", task: 0 } });
    const second = await complete(1, "reduce", "mr-out-0");
    expect(second).toEqual({ accepted: true, next: { kind: "exit", outcome: "completed" } });
    expect(said.filter((type) => type === "attemptStarted")).toHaveLength(2);
  });

  it("gets the verdict alone if there is none, and is given no task before it asks again", async () => {
    const { job, request, complete, said, pass } = await withWorkers(2);
    await request(1);
    // The other one waits, and so gets the only reduce task.
    const waiting = request(2);
    expect(await complete(1, "map", "mr-0-0")).toEqual({ accepted: true });
    expect(await waiting).toMatchObject({ kind: "reduce", task: 0 });
    // Once its attempt is lost, the task is for the worker that asks, not for the one that asked before.
    await job.handlers["job.status"](undefined, CALLER);
    job.leave(2);
    await pass(0);
    expect(said.filter((type) => type === "attemptStarted")).toHaveLength(2);
    expect(await request(1)).toMatchObject({ kind: "reduce", task: 0, attempt: 2 });
  });

  it("gets neither before the log has the task", async () => {
    let write: () => void = () => undefined;
    let isSlow = false;
    const append = () => {
      if (!isSlow) return undefined;
      return new Promise<void>((resolve) => {
        write = resolve;
      });
    };
    const { request, complete } = await withWorkers(1, { ...KEEPING, append });
    await request(1);
    isSlow = true;
    const completion = complete(1, "map", "mr-0-0");
    expect(await settled(completion)).toBe("silent");
    write();
    expect(await completion).toMatchObject({ accepted: true, next: { kind: "reduce" } });
  });
});
