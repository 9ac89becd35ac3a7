import { Command } from "commander";
import { loadApp } from "../mr/app/load/load-app.ts";
import { socketPathOf } from "../mr/base/socket-path.ts";
import { DEFAULT_RECONNECT_MS } from "../mr/job/limits.ts";
import { joinJob } from "./commands/worker.ts";
import { addApp, addOptions } from "./options.ts";
import { runCommand } from "./run-command.ts";

const command = new Command("mrworker").description(
  "Run tasks of the MapReduce job in the current directory with an app, until the job ends.",
);
addOptions(addApp(command, "wc.ts"), "socket", "wait", "memory").addHelpText(
  "after",
  "\nExample:\n  tsx mrworker.ts wc.ts",
);

interface Options {
  readonly socketPath?: string;
  readonly memoryBytes?: number;
  readonly reconnectMs?: number;
}

runCommand(command, async (spec: string, options: Options): Promise<number> => {
  const app = await loadApp(spec);
  const socketPath = options.socketPath ?? socketPathOf(process.cwd());
  return await joinJob("mrworker", {
    ...{ app, reconnectMs: DEFAULT_RECONNECT_MS, ...options, socketPath },
  });
});
