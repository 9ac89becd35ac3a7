import { setTimeout } from "node:timers/promises";
import type { Method, Params, Results } from "../mr/control/protocol/protocol.ts";
import { type Connection, isBusy } from "../mr/control/protocol/transport.ts";

const RETRY_MS = 100;

/**
 * Calls a coordinator, and calls again as long as its queue of connections is full.
 *
 * @throws the errors of `call`, except for that of a full queue
 */
export async function callWhenAccepted<M extends Method>(
  connection: Connection,
  method: M,
  params: Params<M>,
): Promise<Results[M]> {
  for (;;) {
    try {
      return await connection.call(method, params);
    } catch (error) {
      if (!isBusy(error)) throw error;
    }
    await setTimeout(RETRY_MS);
  }
}
