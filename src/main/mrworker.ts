import { Command } from "commander";
import { loadApp } from "../mr/app/load-app.ts";
import { socketPathOf } from "../mr/rpc/socket-path.ts";
import { Heartbeat } from "../mr/worker/heartbeat.ts";
import { RpcTaskSource } from "../mr/worker/rpc-task-source.ts";
import { runWorker } from "../mr/worker/run-worker.ts";
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
  .addHelpText("after", "\nExample:\n  tsx mrworker.ts wc.ts");

runCommand(command, async (spec: string, options: { socket?: string }): Promise<number> => {
  const loaded = await loadApp(spec);
  const socketPath = options.socket ?? socketPathOf(process.cwd());
  const identity = { app: loaded.name, digest: loaded.digest };
  const source = await RpcTaskSource.connect(socketPath, identity, PATIENCE_MS);
  const { leaseMs } = source.job;
  const heartbeat = new Heartbeat({ socketPath, worker: source.worker, leaseMs });
  try {
    const outcome = await runWorker(source, loaded, heartbeat);
    return outcome === "completed" ? 0 : 1;
  } finally {
    source.close();
    await heartbeat.close();
  }
});
