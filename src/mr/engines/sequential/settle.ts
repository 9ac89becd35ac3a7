import { setImmediate, setTimeout as sleep } from "node:timers/promises";

/** How long a run waits for operations of the app that it does not await, and how often it looks, in milliseconds. */
const MAX_SETTLE_MS = 50;
const SETTLE_MS = 5;

/** How many timers, requests and the like this process waits for. */
export function pendingOperations(): number {
  return process.getActiveResourcesInfo().length;
}

/**
 * Waits a moment for operations that the app has started and does not await, because those that fail, or emit, must
 * not be lost. An app that leaves a timer or a connection open does not keep the run.
 *
 * @param before how many operations were pending before the run
 */
export async function settle(before: number): Promise<void> {
  await setImmediate();
  for (let waitedMs = 0; waitedMs < MAX_SETTLE_MS; waitedMs += SETTLE_MS) {
    if (pendingOperations() <= before) return;
    await sleep(SETTLE_MS);
  }
}
