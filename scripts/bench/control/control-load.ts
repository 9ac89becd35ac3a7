/**
 * The load of P9: runs a job of many tasks through the scheduler alone, and then through a real coordinator in a
 * process of its own. Prints the results as JSON.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { loadScheduler, type SchedulerResult } from "./scheduler-load.ts";
import { RESULT, SocketLoader, type SocketResult } from "./socket-load.ts";

/** The first argument of this process, as JSON. */
export interface ControlLoad {
  /** The arguments of Node that start `mrcoordinator`, without those of the command itself. */
  readonly coordinator: readonly string[];
  /** Absolute path of an empty folder, which becomes the job directory. */
  readonly folder: string;
  readonly workers: number;
  readonly scheduler: { readonly maps: number; readonly reduces: number };
  readonly socket: { readonly maps: number; readonly reduces: number };
  /** Requests a second at which latencies are measured. */
  readonly requestsPerSecond: number;
  /** The length of the warm-up before that. */
  readonly warmUpMs: number;
}

export interface ControlResult {
  readonly scheduler: SchedulerResult;
  /** At a steady rate. */
  readonly steady: SocketResult;
  /** At the highest rate: each request follows the answer to the one before. */
  readonly flatOut: SocketResult;
}

const INPUT = "input.txt";

const load: ControlLoad = JSON.parse(process.argv[2] ?? "{}");
const { workers } = load;
// Latencies are measured first, because the other loads leave garbage in memory.
const steady = await loadSocket(load.requestsPerSecond);
const flatOut = await loadSocket();
const scheduler = loadScheduler({ workers, ...load.scheduler });
const result: ControlResult = { scheduler, steady, flatOut };
process.stdout.write(`${JSON.stringify(result)}\n`);

async function loadSocket(requestsPerSecond?: number): Promise<SocketResult> {
  const { maps, reduces } = load.socket;
  // One byte for each split.
  writeFileSync(join(load.folder, INPUT), "x".repeat(maps));
  const options = ["--split", "1", "--reduces", String(reduces)];
  const coordinator = spawn(process.execPath, [...load.coordinator, ...options, INPUT], {
    cwd: load.folder,
    stdio: ["ignore", "inherit", "pipe"],
  });
  const exited = once(coordinator, "exit");
  try {
    const socketPath = await socketOf(coordinator);
    for (let reduce = 0; reduce < reduces; reduce++) {
      writeFileSync(join(load.folder, `mr-out-${reduce}`), RESULT);
    }
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

/** The line in which the coordinator prints its socket. */
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
