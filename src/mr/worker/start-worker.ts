import { sealSettings } from "../app/contract/setting.ts";
import { type LoadedApp, leastReducesOf } from "../app/load/load-app.ts";
import type { Registration } from "../control/protocol/protocol.ts";
import { Heartbeat } from "./heartbeat.ts";
import { type Patience, RpcTaskSource } from "./rpc-task-source.ts";
import { runWorker } from "./run-worker.ts";
import type { Dismissal } from "./task-source.ts";

export interface WorkerOptions extends Patience {
  readonly app: LoadedApp;
  readonly socketPath: string;
  /** How much memory the process may take at its peak, in bytes. Default 512 MiB. */
  readonly memoryBytes?: number | undefined;
  /** The worker has been given its number; once more if another coordinator goes on with the job. */
  readonly onJoined?: ((job: Registration) => void) | undefined;
  /** A task was completed, and counts. */
  readonly onTaskDone?: (() => void) | undefined;
}

/**
 * Makes this process a worker: registers with the coordinator, and runs tasks until the job is over.
 *
 * @returns how the job ended
 * @throws MrError when there is no coordinator, or it refuses this worker
 */
export async function startWorker(options: WorkerOptions): Promise<Dismissal["outcome"]> {
  const { app, socketPath, patienceMs, startMs = patienceMs, reconnectMs, memoryBytes } = options;
  const { name, digest, splitting } = app;
  const leastReduces = leastReducesOf(app);
  const identity = { app: name, digest, splitting, leastReduces, settings: sealSettings() };
  const { onJoined, onTaskDone } = options;
  const patience = { patienceMs, startMs, reconnectMs };
  const listeners = { onJoined, onTaskDone };
  const source = await RpcTaskSource.connect(socketPath, identity, patience, listeners);
  const meter = new Heartbeat(socketPath, reconnectMs, source);
  try {
    return await runWorker(source, app, { meter, memoryBytes });
  } finally {
    source.close();
    await meter.close();
  }
}
