/**
 * The load of P9, and what came of it as JSON on standard output: the scheduler alone goes through a
 * job of many tasks, and then a real coordinator does, in a process of its own.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { loadScheduler, type SchedulerResult } from "./scheduler-load.ts";
import { SocketLoader, type SocketResult } from "./socket-load.ts";

/** What this process is told, as JSON in its first argument. */
export interface ControlLoad {
  /** The arguments that make Node a `mrcoordinator`, the first of its own left out. */
  readonly coordinator: readonly string[];
  /** Absolute path of an empty folder, which becomes the job directory. */
  readonly folder: string;
  readonly workers: number;
  readonly scheduler: { readonly maps: number; readonly reduces: number };
  readonly socket: { readonly maps: number; readonly reduces: number };
  /** Requests a second at which latencies are measured. */
  readonly requestsPerSecond: number;
  /** How long before that. */
  readonly warmUpMs: number;
}

export interface ControlResult {
  readonly scheduler: SchedulerResult;
  /** At a steady rate. */
  readonly steady: SocketResult;
  /** As quickly as answers come. */
  readonly flatOut: SocketResult;
}

const INPUT = "input.txt";

const load: ControlLoad = JSON.parse(process.argv[2] ?? "{}");
const { workers } = load;
// First what the time of a single request is taken of: what the others leave in memory would be felt.
const steady = await loadSocket(load.requestsPerSecond);
const flatOut = await loadSocket();
const scheduler = loadScheduler({ workers, ...load.scheduler });
const result: ControlResult = { scheduler, steady, flatOut };
process.stdout.write(`${JSON.stringify(result)}\n`);

async function loadSocket(requestsPerSecond?: number): Promise<SocketResult> {
  const { maps, reduces } = load.socket;
  // A byte a split.
  writeFileSync(join(load.folder, INPUT), "x".repeat(maps));
  const options = ["--split", "1", "--reduces", String(reduces)];
  const coordinator = spawn(process.execPath, [...load.coordinator, ...options, INPUT], {
    cwd: load.folder,
    stdio: ["ignore", "inherit", "pipe"],
  });
  const exited = once(coordinator, "exit");
  try {
    const socketPath = await socketOf(coordinator);
    const limit = requestsPerSecond === undefined ? {} : { requestsPerSecond };
    const { warmUpMs } = load;
    const loader = new SocketLoader({ socketPath, workers, maps, reduces, warmUpMs, ...limit });
    const result = await loader.run();
    const [code] = await exited;
    if (code !== 0) throw new Error(`The coordinator ended with code ${code}`);
    return result;
  } finally {
    coordinator.kill("SIGKILL");
  }
}

/** What the coordinator prints about where it listens. */
async function socketOf({ stderr }: ChildProcess): Promise<string> {
  if (stderr === null) throw new Error("The coordinator has no standard error");
  for await (const line of createInterface({ input: stderr })) {
    const path = /Listening on (.*)$/.exec(line)?.[1];
    if (path !== undefined) {
      stderr.resume();
      return path;
    }
  }
  throw new Error("The coordinator does not listen");
}
