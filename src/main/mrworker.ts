import { Command } from "commander";
import { loadApp } from "../mr/app/load/load-app.ts";
import { socketPathOf } from "../mr/base/socket-path.ts";
import type { WorkerOptions } from "../mr/worker/start-worker.ts";
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

interface Options extends Pick<WorkerOptions, "memoryBytes" | "reconnectMs"> {
  readonly socketPath?: string;
}

runCommand(command, async (spec: string, options: Options): Promise<number> => {
  const app = await loadApp(spec);
  const socketPath = options.socketPath ?? socketPathOf(process.cwd());
  return await joinJob("mrworker", { ...options, app, socketPath });
});
