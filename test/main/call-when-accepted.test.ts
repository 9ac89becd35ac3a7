import { expect, it } from "vitest";
import { callWhenAccepted } from "../../src/main/call-when-accepted.ts";
import type { Connection } from "../../src/mr/control/protocol/transport.ts";

/** Fails with these codes, one after the other, and then answers. */
function failing(codes: string[]): Connection {
  const call = () => {
    const code = codes.shift();
    return code === undefined
      ? Promise.resolve({ accepted: true })
      : Promise.reject(Object.assign(new Error(code), { code }));
  };
  return { call: call as Connection["call"], close: () => undefined };
}

it("waits while the queue of connections is full", async () => {
  const connection = failing(["EAGAIN", "EAGAIN"]);
  expect(await callWhenAccepted(connection, "job.cancel", {})).toEqual({ accepted: true });
});

it("passes any other error on", async () => {
  const connection = failing(["EAGAIN", "ECONNREFUSED"]);
  await expect(callWhenAccepted(connection, "job.cancel", {})).rejects.toThrow("ECONNREFUSED");
});
