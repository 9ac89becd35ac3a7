import { connect, createServer } from "node:net";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { RpcClient } from "../../../src/mr/control/protocol/client.ts";
import { RpcServer } from "../../../src/mr/control/protocol/server.ts";
import { NO_FAULTS } from "../../simulation/faults.ts";
import { Network } from "../../simulation/network.ts";
import { Process } from "../../simulation/process.ts";
import { Random } from "../../simulation/random.ts";
import { VirtualTime } from "../../simulation/virtual-time.ts";
import { socketDirectory } from "./server-under-test.ts";
import { describeTransport } from "./transport-conformance.ts";

/** A socket that leads to another one, and breaks instead of passing on the first `losses` answers. */
function lossyRelay(socketPath: string, losses: number): string {
  const path = join(socketDirectory(), "relay.sock");
  let answers = 0;
  const relay = createServer((client) => {
    const server = connect(socketPath);
    client.pipe(server);
    server.on("data", (answer) => {
      answers += 1;
      if (answers > losses) client.write(answer);
      else client.destroy();
    });
    client.on("close", () => server.destroy());
    for (const socket of [client, server]) socket.on("error", () => undefined);
  });
  relay.listen(path);
  onTestFinished(() => void relay.close());
  return path;
}

describeTransport("a Unix domain socket", () => {
  const socketPath = join(socketDirectory(), "s.sock");
  return {
    listen: (service) => RpcServer.listen({ ...service, socketPath }),
    connect: () => new RpcClient(socketPath),
    connectBadly: (fault) => new RpcClient(lossyRelay(socketPath, fault === "repeat" ? 1 : 2)),
    settle: (promise) => promise,
  };
});

describeTransport("the network of the simulation", () => {
  const time = new VirtualTime();
  let error: unknown;
  const fail = (thrown: unknown) => {
    error ??= thrown;
  };
  const faults = { ...NO_FAULTS, repeat: 0, lose: 0 };
  const network = new Network({ time, random: new Random(1), faults, fail });
  return {
    listen: async (service) => network.listen(new Process(time, 1), service),
    connect: () => network.connect(new Process(time, 1)),
    connectBadly: (fault) => {
      const link = network.connect(new Process(time, 1));
      let calls = 0;
      return {
        call: async (method, params) => {
          calls += 1;
          if (calls > 1) return await link.call(method, params);
          if (fault === "repeat") faults.repeat = 1;
          const answer = link.call(method, params);
          faults.repeat = 0;
          // The request is on its way already.
          if (fault === "loseAnswer") faults.lose = 1;
          return await answer.finally(() => {
            faults.lose = 0;
          });
        },
        close: () => link.close(),
      };
    },
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
