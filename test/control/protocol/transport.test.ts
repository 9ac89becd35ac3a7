import { join } from "node:path";
import { RpcClient } from "../../../src/mr/control/protocol/client.ts";
import { RpcServer } from "../../../src/mr/control/protocol/server.ts";
import { NO_FAULTS } from "../../simulation/faults.ts";
import { Network } from "../../simulation/network.ts";
import { Process } from "../../simulation/process.ts";
import { Random } from "../../simulation/random.ts";
import { VirtualTime } from "../../simulation/virtual-time.ts";
import { socketDirectory } from "./server-under-test.ts";
import { describeTransport } from "./transport-conformance.ts";

describeTransport("a Unix domain socket", () => {
  const socketPath = join(socketDirectory(), "s.sock");
  return {
    listen: (service) => RpcServer.listen({ ...service, socketPath }),
    connect: () => new RpcClient(socketPath),
    settle: (promise) => promise,
  };
});

describeTransport("the network of the simulation", () => {
  const time = new VirtualTime();
  let error: unknown;
  const fail = (thrown: unknown) => {
    error ??= thrown;
  };
  const network = new Network({ time, random: new Random(1), faults: NO_FAULTS, fail });
  return {
    listen: async (service) => network.listen(new Process(time, 1), service),
    connect: () => network.connect(new Process(time, 1)),
    settle: async (promise) => {
      let isSettled = false;
      const settled = () => {
        isSettled = true;
      };
      promise.then(settled, settled);
      const check = () => {
        if (error !== undefined) throw error;
      };
      for (let tries = 0; !isSettled && tries < 100; tries++) {
        await time.run(() => isSettled, check);
        await new Promise(setImmediate);
      }
      if (!isSettled) throw new Error("Nothing happens any more");
      return promise;
    },
  };
});
