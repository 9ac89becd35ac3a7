import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Command } from "commander";
import { loadApp } from "../../mr/app/load/load-app.ts";
import { MrError } from "../../mr/base/errors.ts";
import { socketPathOf } from "../../mr/base/socket-path.ts";
import { RpcClient } from "../../mr/control/protocol/client.ts";
import { CONNECT_TIMEOUT_MS } from "../../mr/job/limits.ts";
import { joinJob } from "../join-job.ts";
import { appSpec, filePath, memoryOption } from "../parse-options.ts";
import type { Action } from "./catalog.ts";

const HELP = `
Examples:
  tsmr worker wc --dir counts        help with the job of: tsmr run wc books --out counts

The app must be the one of the job, and the job on this machine. Ctrl-C ends the worker, not the job.`;

interface Options {
  readonly dir: string;
  readonly memory?: number;
}

export function define(command: Command): Action {
  command
    .description("Run tasks of a job that is running, until it ends: one more worker for it.")
    .argument("<app>", "file of the app, or the name of a shipped one such as wc", appSpec)
    .option("-d, --dir <dir>", "directory of the job's output", filePath, "mr-out")
    .addOption(memoryOption())
    .addHelpText("after", HELP);
  return async (spec: string, { dir, memory: memoryBytes }: Options) => {
    if (!existsSync(dir))
      throw new MrError(
        "JOB_NOT_FOUND",
        `No job is running in directory "${dir}": it does not exist`,
      );
    const socketPath = socketPathOf(resolve(dir));
    await takeSettings(socketPath);
    const app = await loadApp(spec);
    const timeouts = { connectMs: CONNECT_TIMEOUT_MS, reconnectMs: CONNECT_TIMEOUT_MS };
    return await joinJob("tsmr", { app, socketPath, ...timeouts, memoryBytes });
  };
}

/** Sets the environment variables that the job's app was given, unless they are set here. */
async function takeSettings(socketPath: string): Promise<void> {
  const client = new RpcClient(socketPath);
  try {
    const { settings } = await client.call("job.status", undefined);
    for (const [name, value] of Object.entries(settings)) {
      if (value !== null) process.env[name] ??= value;
    }
  } catch {
    // The job may be about to start. Any other error occurs again when the worker registers.
  } finally {
    client.close();
  }
}
