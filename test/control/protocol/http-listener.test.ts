import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { RpcClient } from "../../../src/mr/control/protocol/client.ts";
import { HttpListener } from "../../../src/mr/control/protocol/http-listener.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

describe("HttpListener", () => {
  it("lets requests wait until they are served", async () => {
    const socketPath = join(temporaryDirectory(), "s");
    const listener = await HttpListener.listen(socketPath);
    const client = new RpcClient(socketPath);
    const asking = client.call("job.cancel", {});
    await new Promise((resolve) => listener.http.once("request", resolve));
    listener.serve((request, response) => {
      request.resume();
      request.on("end", () => {
        response.end(JSON.stringify({ jsonrpc: "2.0", id: 1, result: { accepted: true } }));
      });
    });
    expect(await asking).toEqual({ accepted: true });
    client.close();
    listener.close();
  });

  it("leaves no socket file, and cuts off the requests that wait", async () => {
    const socketPath = join(temporaryDirectory(), "s");
    const listener = await HttpListener.listen(socketPath);
    const client = new RpcClient(socketPath);
    const asking = client.call("job.cancel", {});
    await new Promise((resolve) => listener.http.once("request", resolve));
    listener.close();
    await expect(asking).rejects.toThrow();
    client.close();
    expect(existsSync(socketPath)).toBe(false);
  });
});
