import { Command } from "commander";
import { loadApp } from "../mr/app/load-app.ts";
import { socketPathOf } from "../mr/rpc/socket-path.ts";
import { startWorker } from "../mr/worker/start-worker.ts";
import { byteSize, MIN_MEMORY_BYTES, socketOption } from "./parse-options.ts";
import { runCommand } from "./run-command.ts";

/** A worker may be started a little before its coordinator. */
const PATIENCE_MS = 2000;

const command = new Command("mrworker")
  .description(
    "Run tasks of the MapReduce job in the current directory with an app, until the job ends.",
  )
  .argument("<app>", "file of the app, or the name of a shipped one such as wc.ts")
  .addOption(socketOption())
  .option("--memory <size>", "memory of this process (default: 512MB)", byteSize(MIN_MEMORY_BYTES))
  .addHelpText("after", "\nExample:\n  tsx mrworker.ts wc.ts");

interface Options {
  readonly socket?: string;
  readonly memory?: number;
}

runCommand(command, async (spec: string, options: Options): Promise<number> => {
  const app = await loadApp(spec);
  const { socket, memory: memoryBytes } = options;
  const socketPath = socket ?? socketPathOf(process.cwd());
  const outcome = await startWorker({ app, socketPath, patienceMs: PATIENCE_MS, memoryBytes });
  return outcome === "completed" ? 0 : 1;
});
