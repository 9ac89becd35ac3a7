import { createServer, type RequestListener } from "node:http";
import type { Socket } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { RpcClient } from "../../../src/mr/control/protocol/client.ts";
import { isUnreachable, RpcError } from "../../../src/mr/control/protocol/transport.ts";
import { socketDirectory, startServer } from "./server-under-test.ts";

function connectClient(socketPath: string): RpcClient {
  const client = new RpcClient(socketPath);
  onTestFinished(() => client.close());
  return client;
}

/** An HTTP server that does as it is told, with the connections it has had. */
async function startHttp(listener: RequestListener) {
  const socketPath = join(socketDirectory(), "s.sock");
  const connections: Socket[] = [];
  const server = createServer(listener);
  server.on("connection", (socket) => connections.push(socket));
  await new Promise<void>((resolve) => {
    server.listen(socketPath, resolve);
  });
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { socketPath, connections };
}

const ANSWER = JSON.stringify({ jsonrpc: "2.0", id: 1, result: { accepted: true } });

describe("the RPC client", () => {
  it("keeps one connection for all its calls", async () => {
    const { socketPath, connections } = await startHttp((_, response) => response.end(ANSWER));
    const client = connectClient(socketPath);
    for (let call = 0; call < 3; call++) await client.call("job.cancel", undefined);
    expect(connections).toHaveLength(1);
  });

  it("repeats a call on a new connection when the server has closed the kept one", async () => {
    const { socketPath, connections } = await startHttp((_, response) => response.end(ANSWER));
    const client = connectClient(socketPath);
    await client.call("job.cancel", undefined);
    // Closed without a word, in the very moment in which the client uses it again.
    connections[0]?.destroy();
    expect(await client.call("job.cancel", undefined)).toEqual({ accepted: true });
    expect(connections).toHaveLength(2);
  });

  it("repeats a call once when the connection breaks before the answer, and then gives up", async () => {
    let calls = 0;
    const { socketPath } = await startHttp((request) => {
      calls += 1;
      request.socket.destroy();
    });
    const call = connectClient(socketPath).call("job.cancel", undefined);
    await expect(call).rejects.toSatisfy(isUnreachable);
    expect(calls).toBe(2);
  });

  it("does not repeat a call when it was closed itself", async () => {
    const { socketPath, requested, gone } = await startServer();
    const client = connectClient(socketPath);
    const call = client.call("task.request", { worker: 3 });
    await requested;
    client.close();
    await expect(call).rejects.toThrow();
    const other = connectClient(socketPath);
    while (gone.length === 0) await other.call("job.status", undefined);
    expect(gone).toEqual([3]);
  });

  it("fails when the connection breaks in the middle of an answer", async () => {
    const { socketPath } = await startHttp((request, response) => {
      response.writeHead(200, { "content-length": 1000 });
      response.write(ANSWER.slice(0, 10), () => request.socket.destroy());
    });
    await expect(connectClient(socketPath).call("job.cancel", undefined)).rejects.toThrow();
  });

  it("says what the server answered when that is not JSON-RPC", async () => {
    const { socketPath } = await startHttp((_, response) => {
      response.writeHead(500).end("out of order\n");
    });
    await expect(connectClient(socketPath).call("job.cancel", undefined)).rejects.toMatchObject({
      code: "PROTOCOL_ERROR",
      message: "The coordinator answered 500: out of order",
    });
  });

  it.each(["", "{", "null", "{}", '{"error":null}'])("refuses the answer %j", async (body) => {
    const { socketPath } = await startHttp((_, response) => response.end(body));
    const call = connectClient(socketPath).call("job.cancel", undefined);
    await expect(call).rejects.toMatchObject({ code: "PROTOCOL_ERROR" });
  });

  it("tells a refusal from nobody being there", async () => {
    const { socketPath } = await startServer();
    const refused = connectClient(socketPath).call("task.request", { worker: -1 });
    await expect(refused).rejects.toBeInstanceOf(RpcError);
    await expect(refused).rejects.toSatisfy((error) => !isUnreachable(error));
    const nobody = connectClient(`${socketPath}.not`).call("job.status", undefined);
    await expect(nobody).rejects.toSatisfy(
      (error) => isUnreachable(error) && !(error instanceof RpcError),
    );
  });
});
