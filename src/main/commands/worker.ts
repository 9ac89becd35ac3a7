import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Command } from "commander";
import { loadApp } from "../../mr/app/load/load-app.ts";
import { MrError, UsageError } from "../../mr/base/errors.ts";
import { socketPathOf } from "../../mr/base/socket-path.ts";
import { plural, visibleLines } from "../../mr/base/text.ts";
import { RpcClient } from "../../mr/control/protocol/client.ts";
import { CONNECT_TIMEOUT_MS } from "../../mr/job/limits.ts";
import { describeRefusal } from "../../mr/watch/format/describe-failure.ts";
import { ENDS } from "../../mr/worker/heartbeat.ts";
import { WorkerRefusedError } from "../../mr/worker/rpc-task-source.ts";
import { startWorker, type WorkerOptions } from "../../mr/worker/start-worker.ts";
import { callWhenAccepted } from "../call-when-accepted.ts";
import { addApp, addOptions, filePath } from "../options.ts";
import { endWithAction, stopWatchingForNothingLeft } from "../run-command.ts";
import type { Action } from "./catalog.ts";

const HELP = `
Examples:
  tsmr worker wc --dir counts        help with the job of: tsmr run wc books --out counts

The app must be the one of the job, and the job on this machine. Ctrl-C ends the worker, not the job.`;

interface Options extends Pick<WorkerOptions, "memoryBytes"> {
  readonly dir: string;
}

export function define(command: Command): Action {
  command.description("Run tasks of a job that is running, until it ends: one more worker for it.");
  addApp(command).option("-d, --dir <dir>", "directory of the job's output", filePath, "mr-out");
  addOptions(command, "memory").addHelpText("after", HELP);
  return async (spec: string, { dir, memoryBytes }: Options) => {
    if (!existsSync(dir)) {
      throw new UsageError(`No job is running in directory "${dir}": it does not exist`);
    }
    const socketPath = socketPathOf(resolve(dir));
    await takeSettings(socketPath);
    endWithAction();
    const app = await loadApp(spec);
    return await joinJob("tsmr", { app, socketPath, reconnectMs: CONNECT_TIMEOUT_MS, memoryBytes });
  };
}

/** Sets the environment variables that the job's app was given, unless they are set here. */
async function takeSettings(socketPath: string): Promise<void> {
  const client = new RpcClient(socketPath);
  try {
    const { settings } = await callWhenAccepted(client, "job.status", undefined);
    for (const [name, value] of Object.entries(settings)) {
      if (value !== null) process.env[name] ??= value;
    }
  } catch {
    // The job may be about to start. Any other error occurs again when the worker registers.
  } finally {
    client.close();
  }
}

/**
 * Makes this process a worker that a person has started, and reports its progress on standard error.
 *
 * @param program the name of the command
 * @returns the exit code
 * @throws MrError when there is no coordinator, it refuses this worker, or has gone
 */
export async function joinJob(
  program: string,
  options: Omit<WorkerOptions, "connectMs" | "who">,
): Promise<number> {
  const say = (line: string) => process.stderr.write(visibleLines(`${program}: ${line}\n`));
  let hasJoined = false;
  let tasks = 0;
  const did = () => `this worker has done ${plural(tasks, "task")}`;
  // A worker fails the attempt that waits for ever, and goes on.
  stopWatchingForNothingLeft();
  try {
    const outcome = await startWorker({
      ...options,
      who: program,
      connectMs: CONNECT_TIMEOUT_MS,
      onJoined: ({ worker, directory }) => {
        const job = `the ${hasJoined ? "resumed " : ""}job of ${options.app.name} in "${directory}"`;
        hasJoined = true;
        say(`Joined ${job} as worker ${worker} (pid ${process.pid})`);
      },
      onWaiting: (timeoutMs) => {
        const seconds = Math.round(timeoutMs / 1000);
        say(
          `The coordinator has gone: waiting up to ${seconds} s for another one to resume the job`,
        );
      },
      onTaskDone: () => {
        tasks += 1;
      },
    });
    say(`${ENDS[outcome]}; ${did()}`);
    return outcome === "completed" ? 0 : 1;
  } catch (error) {
    if (!(error instanceof MrError)) throw error;
    const why = error instanceof WorkerRefusedError ? `: ${describeRefusal(error.refusal)}` : "";
    const tail = hasJoined ? `; ${did()}` : "";
    throw new MrError(error.code, error.message + why + tail, { cause: error });
  }
}
