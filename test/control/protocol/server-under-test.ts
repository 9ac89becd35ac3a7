import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Assignment, JobStatus } from "../../../src/mr/control/protocol/protocol.ts";
import { RpcServer, type RpcServerOptions } from "../../../src/mr/control/protocol/server.ts";
import type { Caller, Handlers } from "../../../src/mr/control/protocol/transport.ts";
import { Deferred } from "../../support/deferred.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const STATUS: JobStatus = {
  job: "00c0ffee",
  term: 1,
  directory: "/job",
  phase: "map",
  state: "running",
  app: null,
  settings: {},
  counters: {},
  elapsedMs: 1,
  maps: { idle: 1, inProgress: 0, completed: 0 },
  reduces: { idle: 1, inProgress: 0, completed: 0 },
  workers: [],
};

/** A server with handlers that answer as simply as can be, and what happened to it. */
export interface ServerUnderTest {
  readonly server: RpcServer;
  readonly socketPath: string;
  /** Workers whose last connection has closed. */
  readonly gone: number[];
  /** Answers the `task.request` that waits. */
  readonly answer: (assignment: Assignment) => void;
  /** Resolves when a `task.request` has arrived. */
  readonly requested: Promise<Caller>;
  /** Resolves when the connection of a waiting `task.request` has closed. */
  readonly hungUp: Promise<void>;
}

/** A directory of this test, with a short path, that is removed when it ends. */
export function socketDirectory(): string {
  const directory = temporaryDirectory();
  return directory;
}

export async function startServer(
  socketPath = join(socketDirectory(), "s.sock"),
  options: Pick<RpcServerOptions, "requestTimeoutMs"> = {},
): Promise<ServerUnderTest> {
  const gone: number[] = [];
  const assigned = new Deferred<Assignment>();
  const requested = new Deferred<Caller>();
  const hungUp = new Deferred<void>();
  const handlers: Handlers = {
    "worker.register": ({ pid }) => {
      return {
        worker: pid,
        job: "00c0ffee",
        term: 1,
        directory: "/job",
        inputDirectory: "/job",
        reduces: 1,
        leaseMs: 1000,
        skipBadRecords: false,
      };
    },
    "task.request": (_, caller) => {
      requested.resolve(caller);
      caller.onHangUp(() => hungUp.resolve());
      return assigned.promise;
    },
    "task.progress": () => ({ accepted: true }),
    "task.commit": () => ({ accepted: true }),
    "task.complete": () => ({ accepted: true }),
    "task.fail": () => {
      throw new TypeError("a mistake in a handler");
    },
    "job.status": () => STATUS,
    "job.cancel": () => ({ accepted: true }),
  };
  const onWorkerGone = (worker: number) => void gone.push(worker);
  const server = await RpcServer.listen({ socketPath, handlers, onWorkerGone, ...options });
  onTestFinished(() => server.close());
  return {
    server,
    socketPath,
    gone,
    answer: assigned.resolve,
    requested: requested.promise,
    hungUp: hungUp.promise,
  };
}
