// Tests src/mr/control/coordinator/worker-registry.ts: which calls are those of its own workers.

import { expect, it } from "vitest";
import { WorkerRegistry } from "../../../src/mr/control/coordinator/worker-registry.ts";
import { PROTOCOL_VERSION, RPC_ERRORS } from "../../../src/mr/control/protocol/protocol.ts";

it("F7 takes no call of another coordinator's worker for one of its own, though it has the same number", () => {
  const registry = new WorkerRegistry();
  const app = { app: "wc.ts", digest: "0".repeat(64), splitting: "bytes" } as const;
  registry.register({ protocol: PROTOCOL_VERSION, pid: 1, ...app }, false, 1);
  const { job, term } = registry.identity;
  const ours = [{ worker: 1 }, { worker: 1, job }, { worker: 1, term }, { worker: 1, job, term }];
  for (const call of ours) expect(() => registry.check(call)).not.toThrow();
  const others = [
    { worker: 2, job, term },
    { worker: 0, job, term },
    { worker: 1, job: "00c0ffee", term },
    { worker: 1, job, term: term + 1 },
    { worker: 1, term: term + 1 },
  ];
  const unknown = expect.objectContaining({ code: RPC_ERRORS.unknownWorker });
  for (const call of others) expect(() => registry.check(call)).toThrow(unknown);
});
