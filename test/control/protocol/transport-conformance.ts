import { JSONRPCErrorException } from "json-rpc-2.0";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Assignment, Method, Params } from "../../../src/mr/control/protocol/protocol.ts";
import { RPC_ERRORS } from "../../../src/mr/control/protocol/protocol.ts";
import {
  type Caller,
  type Connection,
  isUnreachable,
  type Listener,
  type Service,
} from "../../../src/mr/control/protocol/transport.ts";
import { Deferred } from "../../support/deferred.ts";

export type TransportFault = "repeat" | "loseAnswer";

/** One address that a service can listen on and connections lead to. */
export interface TransportUnderTest {
  listen(service: Service): Promise<Listener>;
  connect(): Connection;
  /**
   * Makes a connection with a fault.
   *
   * @param fault what happens to its first call: it arrives twice, or its answer is lost however often it
   *   is sent
   */
  connectBadly(fault: TransportFault): Connection;
  /** Lets time pass until a promise is settled, where time does not pass by itself. */
  settle<T>(promise: Promise<T>): Promise<T>;
}

const REFUSAL = { type: "protocol", job: 2, worker: 1 };
const ATTEMPT = { worker: 7, phase: "map", task: 3, attempt: 1 } as const;
const ASSIGNMENT: Assignment = { kind: "reduce", task: 3, attempt: 1, sources: [] };

/** The contract of a transport, which every implementation must keep. */
export function describeTransport(name: string, create: () => TransportUnderTest): void {
  const setUp = async () => {
    const place = create();
    const requested = new Deferred<Caller>();
    const assigned = new Deferred<Assignment>();
    const hungUp = new Deferred<void>();
    const gone: number[] = [];
    const received: unknown[] = [];
    const accept = (params: unknown) => {
      received.push(params);
      return { accepted: true };
    };
    const listener = await place.listen({
      handlers: {
        "worker.register": () => {
          throw new JSONRPCErrorException("no", RPC_ERRORS.refused, REFUSAL);
        },
        "task.request": (_, caller) => {
          caller.onHangUp(() => hungUp.resolve());
          requested.resolve(caller);
          return assigned.promise;
        },
        "task.progress": accept,
        "task.commit": accept,
        "task.complete": accept,
        "task.fail": async () => {
          throw new JSONRPCErrorException("no such worker", RPC_ERRORS.unknownWorker);
        },
        "job.status": () => {
          throw new JSONRPCErrorException("not now", RPC_ERRORS.refused);
        },
        "job.cancel": accept,
      },
      onWorkerGone: (worker) => gone.push(worker),
    });
    onTestFinished(() => listener.close());
    const connect = (fault?: TransportFault) => {
      const connection = fault === undefined ? place.connect() : place.connectBadly(fault);
      onTestFinished(() => connection.close());
      return connection;
    };
    const call = <M extends Method>(connection: Connection, method: M, params: Params<M>) =>
      place.settle(connection.call(method, params));
    /** Lets so many calls be answered that what happened before has been noticed. */
    const pass = async () => {
      const other = connect();
      for (let calls = 0; calls < 5; calls++) await call(other, "job.cancel", undefined);
    };
    const { settle } = place;
    return { listener, connect, call, pass, settle, requested, assigned, hungUp, gone, received };
  };

  describe(`the contract of a transport: ${name}`, () => {
    it("carries parameters and results", async () => {
      const { connect, call, received } = await setUp();
      const connection = connect();
      expect(await call(connection, "task.commit", ATTEMPT)).toEqual({ accepted: true });
      expect(await call(connection, "job.cancel", { reason: "ü\u0000" })).toEqual({
        accepted: true,
      });
      expect(received).toEqual([ATTEMPT, { reason: "ü\u0000" }]);
    });

    it("carries refusals, with code, message and data, whether they are thrown or come later", async () => {
      const { connect, call } = await setUp();
      const connection = connect();
      const identity = { protocol: 1, pid: 1, app: "wc.ts", digest: "0".repeat(64) };
      const register = call(connection, "worker.register", { ...identity, splitting: "bytes" });
      const refused = { name: "RpcError", code: RPC_ERRORS.refused, message: "no", data: REFUSAL };
      await expect(register).rejects.toMatchObject(refused);
      const failure = { ...ATTEMPT, message: "no", code: "APP_THREW" } as const;
      const unknown = { name: "RpcError", code: RPC_ERRORS.unknownWorker };
      await expect(call(connection, "task.fail", failure)).rejects.toMatchObject(unknown);
    });

    it("answers a call once, although it may arrive twice", async () => {
      const { connect, call, pass, received } = await setUp();
      const connection = connect("repeat");
      expect(await call(connection, "task.commit", ATTEMPT)).toEqual({ accepted: true });
      const arrived = () => received.filter((params) => params !== undefined);
      while (arrived().length < 2) await pass();
      await pass();
      expect(arrived()).toEqual([ATTEMPT, ATTEMPT]);
      expect(await call(connection, "job.cancel", { reason: "later" })).toEqual({ accepted: true });
    });

    it("fails a call that has arrived when its answer is lost, as of a coordinator that died", async () => {
      const { connect, call, received } = await setUp();
      const answer = call(connect("loseAnswer"), "task.commit", ATTEMPT);
      await expect(answer).rejects.toSatisfy(isUnreachable);
      await expect(answer).rejects.not.toMatchObject({ code: "ENOENT" });
      expect(received).toContainEqual(ATTEMPT);
      expect(await call(connect(), "task.commit", ATTEMPT)).toEqual({ accepted: true });
    });

    it("refuses parameters that do not fit the method", async () => {
      const { connect, call } = await setUp();
      const invalid = { name: "RpcError", code: RPC_ERRORS.invalidParams };
      await expect(call(connect(), "task.request", { worker: -1 })).rejects.toMatchObject(invalid);
    });

    it("waits for an answer while other calls are answered", async () => {
      const { connect, call, settle, requested, assigned } = await setUp();
      const request = connect().call("task.request", { worker: 1 });
      await settle(requested.promise);
      expect(await call(connect(), "job.cancel", undefined)).toEqual({ accepted: true });
      assigned.resolve(ASSIGNMENT);
      expect(await settle(request)).toEqual(ASSIGNMENT);
    });

    it("tells the service when a client hangs up that waits for an answer", async () => {
      const { connect, settle, requested, hungUp } = await setUp();
      const connection = connect();
      const request = connection.call("task.request", { worker: 1 });
      request.catch(() => undefined);
      await settle(requested.promise);
      connection.close();
      await settle(hungUp.promise);
      await expect(settle(request)).rejects.toThrow();
    });

    it("F1 tells the service that a worker is gone once its last connection has closed", async () => {
      const { connect, call, pass, gone } = await setUp();
      const [first, second] = [connect(), connect()];
      await call(first, "task.commit", ATTEMPT);
      await call(second, "task.commit", ATTEMPT);
      first.close();
      await pass();
      expect(gone).toEqual([]);
      second.close();
      while (gone.length === 0) await pass();
      expect(gone).toEqual([ATTEMPT.worker]);
    });

    it("fails calls when there is no service, and when it has ended", async () => {
      const place = create();
      const early = place.settle(place.connect().call("job.status", undefined));
      await expect(early).rejects.toSatisfy(isUnreachable);
      await expect(early).rejects.toMatchObject({ code: "ENOENT" });
      const { listener, connect, call, settle } = await setUp();
      await call(connect(), "job.cancel", undefined);
      await settle(listener.close());
      const late = call(connect(), "job.cancel", undefined);
      await expect(late).rejects.toSatisfy(isUnreachable);
      await expect(late).rejects.toMatchObject({ code: "ENOENT" });
    });
  });
}
