import { loadApp } from "../app/load-app.ts";
import { Heartbeat } from "./heartbeat.ts";
import { type Patience, RpcTaskSource } from "./rpc-task-source.ts";
import { runWorker } from "./run-worker.ts";
import type { Dismissal } from "./task-source.ts";

export interface WorkerOptions extends Patience {
  /** A path, or the name of a shipped app. */
  readonly app: string;
  readonly socketPath: string;
}

/**
 * Makes this process a worker: loads the app, registers with the coordinator, and runs tasks until the
 * job is over.
 *
 * @returns how the job ended
 * @throws MrError when the app cannot be loaded, there is no coordinator, or it refuses this worker
 */
export async function startWorker(options: WorkerOptions): Promise<Dismissal["outcome"]> {
  const { app, socketPath, patienceMs, reconnectMs } = options;
  const loaded = await loadApp(app);
  const identity = { app: loaded.name, digest: loaded.digest, splitting: "wholeFile" as const };
  const source = await RpcTaskSource.connect(socketPath, identity, { patienceMs, reconnectMs });
  const heartbeat = new Heartbeat(socketPath, reconnectMs, source);
  try {
    return await runWorker(source, loaded, heartbeat);
  } finally {
    source.close();
    await heartbeat.close();
  }
}
