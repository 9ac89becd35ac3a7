import { describe, expect, it } from "vitest";
import { MrError } from "../../src/mr/base/errors.ts";
import { type Registration, RPC_ERRORS } from "../../src/mr/control/protocol/protocol.ts";
import { type Connection, RpcError } from "../../src/mr/control/protocol/transport.ts";
import { RpcTaskSource } from "../../src/mr/worker/rpc-task-source.ts";

const RECONNECT_MS = 30_000;
const JOB = {
  job: "00c0ffee",
  directory: "/job",
  inputDirectory: "/job",
  reduces: 1,
  leaseMs: 10_000,
  skipBadRecords: false,
};
const UNKNOWN = new RpcError("no such worker", RPC_ERRORS.unknownWorker);
const EXIT = { kind: "exit", outcome: "completed" } as const;

/** A system error of a connection. */
function broken(code: string): Error {
  return Object.assign(new Error(code), { code });
}

function registration(term: number): Registration {
  return { ...JOB, worker: 10 * term, term };
}

/**
 * A connection on which each call gets the next answer; errors are thrown.
 *
 * @param last given to every call after them
 */
function scripted(answers: readonly unknown[], last: unknown = EXIT) {
  const left = [...answers];
  const calls: string[] = [];
  const call = async (method: string, { worker }: { worker?: number } = {}) => {
    calls.push(worker === undefined ? method : `${method} ${worker}`);
    const answer = left.length > 0 ? left.shift() : last;
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { connection: { call, close: () => undefined } as unknown as Connection, calls };
}

/** Connects with a clock that only sleeping moves. */
function connect(connection: Connection, onWaiting?: (timeoutMs: number) => void) {
  let nowMs = 0;
  const clock = {
    nowMs: () => nowMs,
    sleep: async (ms: number) => {
      nowMs += ms;
    },
  };
  return RpcTaskSource.connect({
    ...{ connection, address: "a test", clock, onWaiting },
    identity: { app: "wc.ts", digest: "0".repeat(64), splitting: "bytes" },
    connectMs: 2000,
    reconnectMs: RECONNECT_MS,
  });
}

describe("a worker whose coordinator has been succeeded", () => {
  it("registers with the one that has resumed the job", async () => {
    const { connection, calls } = scripted([registration(1), UNKNOWN, registration(2)]);
    const source = await connect(connection);
    expect(await source.next()).toEqual(EXIT);
    expect(source.job.term).toBe(2);
    expect(calls).toEqual([
      "worker.register",
      "task.request 10",
      "worker.register",
      "task.request 20",
    ]);
  });

  it("does not follow one with a lower term, and waits for another", async () => {
    const old = [registration(1), registration(2)];
    const { connection, calls } = scripted([registration(3), UNKNOWN, ...old, registration(4)]);
    const source = await connect(connection);
    expect(await source.next()).toEqual(EXIT);
    expect(source.job.term).toBe(4);
    expect(calls.at(-1)).toBe("task.request 40");
    expect(calls.filter((call) => call === "worker.register")).toHaveLength(4);
  });

  it.each(["commit", "complete", "fail"] as const)(
    "takes a %s for refused of which the next coordinator knows nothing",
    async (report) => {
      const { connection, calls } = scripted([registration(1), UNKNOWN, registration(2)]);
      const source = await connect(connection);
      const task = { kind: "reduce", task: 0, attempt: 1, sources: [] } as const;
      const result = { outputs: [], counters: {} };
      const failure = { code: "APP_THREW", message: "boom" } as const;
      const reporting = {
        commit: () => source.commit(task),
        complete: () => source.complete(task, result),
        fail: () => source.fail(task, failure, []),
      };
      expect(await reporting[report]()).toBe(false);
      expect(source.job.term).toBe(2);
      // It is not reported to that one, which may have given the number of the worker to another.
      expect(calls).toEqual(["worker.register", `task.${report} 10`, "worker.register"]);
    },
  );

  it("asks again for a commit whose answer was lost, and takes only an answer for a grant", async () => {
    const lost = [broken("ECONNRESET"), broken("ECONNREFUSED")];
    const { connection, calls } = scripted([registration(1), ...lost, { accepted: false }]);
    const source = await connect(connection);
    const task = { kind: "reduce", task: 0, attempt: 1, sources: [] } as const;
    expect(await source.commit(task)).toBe(false);
    expect(calls.slice(1)).toEqual(Array.from({ length: 3 }, () => "task.commit 10"));
  });

  it("tells once that it waits, and how long, when the coordinator has died", async () => {
    const dead = Array.from({ length: 500 }, () => broken("ECONNREFUSED"));
    const { connection } = scripted([registration(1), ...dead]);
    const waits: number[] = [];
    const source = await connect(connection, (timeoutMs) => waits.push(timeoutMs));
    expect(waits).toEqual([]);
    expect(await source.next()).toEqual(EXIT);
    expect(waits).toEqual([RECONNECT_MS]);
  });

  it("ends when only one with a lower term answers for as long as it waits for any", async () => {
    const { connection } = scripted([registration(3), UNKNOWN], registration(2));
    const source = await connect(connection);
    await expect(source.next()).rejects.toMatchObject({
      code: "COORDINATOR_UNREACHABLE",
      message:
        "The coordinator has gone: none that leads the job is listening on a test (waited 30 s)",
    });
    expect(source.job.term).toBe(3);
  });
});

describe("a worker whose coordinator is too busy to accept its connection", () => {
  it("F44 waits for it without a limit", async () => {
    const busy = Array.from({ length: 1000 }, () => broken("EAGAIN"));
    const { connection } = scripted([...busy, registration(1), ...busy]);
    const source = await connect(connection);
    expect(await source.next()).toEqual(EXIT);
  });
});

describe("a worker that gets no task", () => {
  const refusal = { type: "protocol", job: 3, worker: 2 };
  it.each([
    ["a refusal", new RpcError("no", RPC_ERRORS.refused, refusal), "WORKER_REFUSED"],
    ["a refusal of another version", new RpcError("no", RPC_ERRORS.refused), "WORKER_REFUSED"],
    ["wrong parameters", new RpcError("no", RPC_ERRORS.invalidParams), "PROTOCOL_ERROR"],
    ["an unknown method", new RpcError("no", -32601), "PROTOCOL_ERROR"],
    ["an internal error", new RpcError("no", RPC_ERRORS.internal), "COORDINATOR_FAILED"],
    ["what a handler threw", new RpcError("no", RPC_ERRORS.thrown), "COORDINATOR_FAILED"],
    ["a malformed answer", new MrError("PROTOCOL_ERROR", "no"), "PROTOCOL_ERROR"],
    ["no coordinator", broken("ENOENT"), "COORDINATOR_UNREACHABLE"],
    ["a lost connection", broken("ECONNRESET"), "COORDINATOR_UNREACHABLE"],
    ["no permission", broken("EACCES"), "COORDINATOR_UNREACHABLE"],
  ])("tells by a code that the reason is %s", async (_, error, code) => {
    await expect(connect(scripted([], error).connection)).rejects.toMatchObject({ code });
  });

  it("has the reason of a refusal as the coordinator gave it", async () => {
    const { connection } = scripted([new RpcError("no", RPC_ERRORS.refused, refusal)]);
    await expect(connect(connection)).rejects.toMatchObject({ refusal });
  });

  it("has the message of a refusal if it can't read the reason", async () => {
    const error = new RpcError("no luck", RPC_ERRORS.refused, { type: "weather" });
    const message = "The coordinator refused worker.register: no luck";
    await expect(connect(scripted([error]).connection)).rejects.toMatchObject({ message });
  });
});

describe("a worker that has completed a task", () => {
  const MAP = {
    kind: "map",
    task: 0,
    attempt: 1,
    split: { file: "a.txt", start: 0, end: 1, size: 1, version: "1" },
  } as const;
  const DONE = { outputs: [], counters: {} };

  it("takes the assignment that comes with the answer, once", async () => {
    const next = { ...MAP, task: 1 };
    const answers = [registration(1), MAP, { accepted: true, next }];
    const { connection, calls } = scripted(answers);
    const source = await connect(connection);
    await source.next();
    expect(await source.complete(MAP, DONE)).toBe(true);
    expect(await source.next()).toEqual(next);
    expect(await source.next()).toEqual(EXIT);
    expect(calls).toEqual([
      "worker.register",
      "task.request 10",
      "task.complete 10",
      "task.request 10",
    ]);
  });

  it("takes it although the task does not count", async () => {
    const answers = [registration(1), { accepted: false, next: EXIT }];
    const { connection, calls } = scripted(answers, broken("ENOENT"));
    const source = await connect(connection);
    expect(await source.complete(MAP, DONE)).toBe(false);
    expect(await source.next()).toEqual(EXIT);
    expect(calls).toHaveLength(2);
  });

  it("refuses one that makes no sense", async () => {
    const next = { ...MAP, task: -1 };
    const { connection } = scripted([registration(1), { accepted: true, next }]);
    const source = await connect(connection);
    await source.complete(MAP, DONE);
    await expect(source.next()).rejects.toMatchObject({ code: "PROTOCOL_ERROR" });
  });
});
