import { sealSettings } from "../app/contract/setting.ts";
import { type LoadedApp, leastReducesOf } from "../app/load/load-app.ts";
import { RpcClient } from "../control/protocol/client.ts";
import type { Dismissal } from "../control/protocol/protocol.ts";
import { Heartbeat } from "./heartbeat.ts";
import { type ConnectTimeouts, type Listeners, RpcTaskSource } from "./rpc-task-source.ts";
import { runWorker } from "./run-worker.ts";

export interface WorkerOptions extends ConnectTimeouts, Listeners {
  readonly app: LoadedApp;
  readonly socketPath: string;
  /** How much memory the process may take at its peak, in bytes. Default 512 MiB. */
  readonly memoryBytes?: number | undefined;
}

/**
 * Makes this process a worker: registers with the coordinator, and runs tasks until the job is over.
 *
 * @returns how the job ended
 * @throws MrError when there is no coordinator, or it refuses this worker
 */
export async function startWorker(options: WorkerOptions): Promise<Dismissal["outcome"]> {
  const { app, socketPath, memoryBytes, connectMs, startMs = connectMs, reconnectMs } = options;
  const { name, digest, splitting } = app;
  const leastReduces = leastReducesOf(app);
  const source = await RpcTaskSource.connect({
    connection: new RpcClient(socketPath),
    address: `socket "${socketPath}"`,
    identity: { app: name, digest, splitting, leastReduces, settings: sealSettings() },
    timeouts: { connectMs, startMs, reconnectMs },
    onJoined: options.onJoined,
    onTaskDone: options.onTaskDone,
  });
  const meter = new Heartbeat(socketPath, reconnectMs, source);
  try {
    return await runWorker(source, app, { meter, memoryBytes });
  } finally {
    source.close();
    await meter.close();
  }
}
