import { Command } from "commander";
import { loadApp } from "../mr/app/load/load-app.ts";
import { socketPathOf } from "../mr/base/socket-path.ts";
import {
  CONNECT_TIMEOUT_MS,
  DEFAULT_RECONNECT_MS,
  MAX_RECONNECT_SECONDS,
} from "../mr/job/limits.ts";
import { joinJob } from "./join-job.ts";
import { appSpec, memoryOption, secondsToMs, socketOption } from "./parse-options.ts";
import { runCommand } from "./run-command.ts";

const command = new Command("mrworker")
  .description(
    "Run tasks of the MapReduce job in the current directory with an app, until the job ends.",
  )
  .argument("<app>", "file of the app, or the name of a shipped one such as wc.ts", appSpec)
  .addOption(socketOption())
  .option(
    "--wait <seconds>",
    "when the coordinator is killed, wait so long for it to be resumed (default: 30)",
    secondsToMs(0, MAX_RECONNECT_SECONDS),
  )
  .addOption(memoryOption())
  .addHelpText("after", "\nExample:\n  tsx mrworker.ts wc.ts");

interface Options {
  readonly socket?: string;
  readonly memory?: number;
  readonly wait?: number;
}

runCommand(command, async (spec: string, options: Options): Promise<number> => {
  const app = await loadApp(spec);
  const { socket, wait: reconnectMs = DEFAULT_RECONNECT_MS, memory: memoryBytes } = options;
  const socketPath = socket ?? socketPathOf(process.cwd());
  const timeouts = { connectMs: CONNECT_TIMEOUT_MS, reconnectMs };
  return await joinJob("mrworker", { app, socketPath, ...timeouts, memoryBytes });
});
