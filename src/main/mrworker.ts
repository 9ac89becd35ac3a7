import { existsSync } from "node:fs";
import { Command } from "commander";
import { loadApp } from "../mr/app/load-app.ts";
import { reduceOutputName } from "../mr/names.ts";
import { socketPathOf } from "../mr/rpc/socket-path.ts";
import { NoCoordinatorError } from "../mr/worker/rpc-task-source.ts";
import { startWorker } from "../mr/worker/start-worker.ts";
import { byteSize, MIN_MEMORY_BYTES } from "./parse-options.ts";
import { runCommand } from "./run-command.ts";

/** A worker may be started a little before its coordinator. */
const PATIENCE_MS = 2000;

const command = new Command("mrworker")
  .description(
    "Run tasks of the MapReduce job in the current directory with an app, until the job ends.",
  )
  .argument("<app>", "file of the app, or the name of a shipped one such as wc.ts")
  .option(
    "--socket <path>",
    "socket of the coordinator (default: found from the current directory)",
  )
  .option("--memory <size>", "memory of this process (default: 512MB)", byteSize(MIN_MEMORY_BYTES))
  .addHelpText("after", "\nExample:\n  tsx mrworker.ts wc.ts");

interface Options {
  readonly socket?: string;
  readonly memory?: number;
}

runCommand(command, async (spec: string, options: Options): Promise<number> => {
  const app = await loadApp(spec);
  const socketPath = options.socket ?? socketPathOf(process.cwd());
  try {
    const outcome = await startWorker({
      app,
      socketPath,
      patienceMs: PATIENCE_MS,
      memoryBytes: options.memory,
    });
    return outcome === "completed" ? 0 : 1;
  } catch (error) {
    if (!(error instanceof NoCoordinatorError) || !existsSync(reduceOutputName(0))) throw error;
    // Most likely it was started a little late.
    process.stderr.write("mrworker: Nothing to do: the job in this directory is complete\n");
    return 0;
  }
});
