import { existsSync } from "node:fs";
import { Command } from "commander";
import { loadApp } from "../mr/app/load/load-app.ts";
import { UsageError } from "../mr/base/errors.ts";
import { socketPathOf } from "../mr/base/socket-path.ts";
import type { WorkerOptions } from "../mr/worker/start-worker.ts";
import { joinJob } from "./commands/worker.ts";
import { addApp, addOptions, filePath, isSocketName } from "./options.ts";
import { endWithAction, runCommand } from "./run-command.ts";

const command = new Command("mrworker").description(
  "Run tasks of the MapReduce job in the current directory with an app, until the job ends.",
);
addApp(command, "wc.ts").argument("[socket]", "the same as --socket", filePath);
addOptions(command, "socket", "wait", "memory").addHelpText(
  "after",
  "\nExamples:\n  tsx mrworker.ts wc.ts\n  tsx mrworker.ts wc.ts mr-sock    where the coordinator was given that socket",
);

interface Options extends Pick<WorkerOptions, "memoryBytes" | "reconnectMs"> {
  readonly socketPath?: string;
}

runCommand(
  command,
  async (spec: string, socket: string | undefined, options: Options): Promise<number> => {
    if (socket !== undefined && existsSync(socket) && !isSocketName(socket)) {
      throw new UsageError(`too many arguments: "${socket}" is no socket (see mrworker --help)`);
    }
    endWithAction();
    const app = await loadApp(spec);
    const socketPath = options.socketPath ?? socket ?? socketPathOf(process.cwd());
    return await joinJob("mrworker", { ...options, app, socketPath });
  },
);
