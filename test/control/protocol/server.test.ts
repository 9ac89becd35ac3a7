import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { RpcClient } from "../../../src/mr/control/protocol/client.ts";
import { closedByPeer, openSocket, sendHttp, sendJson } from "../../support/raw-http.ts";
import { startServer } from "./server-under-test.ts";

const STATUS_REQUEST = { jsonrpc: "2.0", id: 1, method: "job.status" };
const error = (code: number, id: number | null = null) => {
  return { jsonrpc: "2.0", id, error: expect.objectContaining({ code }) };
};

describe("the RPC server, over plain HTTP", () => {
  it("answers job.status to a curl that sends one line of JSON", async () => {
    const { socketPath } = await startServer();
    const { status, headers, text } = await sendHttp(socketPath, JSON.stringify(STATUS_REQUEST));
    expect(status).toBe(200);
    expect(headers["content-type"]).toBe("application/json");
    expect(JSON.parse(text)).toMatchObject({ jsonrpc: "2.0", id: 1, result: { job: "00c0ffee" } });
  });

  it("knows one path and one method, and says which", async () => {
    const { socketPath } = await startServer();
    const elsewhere = await sendHttp(socketPath, "{}", { path: "/" });
    expect(elsewhere).toMatchObject({ status: 404, text: "POST JSON-RPC 2.0 to /rpc\n" });
    const get = await sendHttp(socketPath, "", { method: "GET" });
    expect(get).toMatchObject({ status: 405, headers: { allow: "POST" } });
  });

  it("answers what is not JSON with a parse error", async () => {
    const { socketPath } = await startServer();
    for (const body of ["", "{", "hello", Buffer.from([0xff, 0xfe, 0x00])]) {
      const { status, text } = await sendHttp(socketPath, body);
      expect(status).toBe(200);
      expect(JSON.parse(text)).toEqual(error(-32700));
    }
  });

  it("answers JSON that is no request with an invalid request", async () => {
    const { socketPath } = await startServer();
    for (const message of [null, 7, "job.status", true, {}, { id: 1, method: "job.status" }]) {
      expect(await sendJson(socketPath, message)).toMatchObject({ error: { code: -32600 } });
    }
    expect(await sendJson(socketPath, [])).toEqual(error(-32600));
  });

  it("answers an unknown method with method not found, even one that every object has", async () => {
    const { socketPath } = await startServer();
    for (const method of ["job.start", "", "toString", "constructor", "__proto__"]) {
      const answer = await sendJson(socketPath, { jsonrpc: "2.0", id: 5, method });
      expect(answer, method).toEqual(error(-32601, 5));
    }
  });

  it("answers parameters that do not fit with a sentence that names the wrong one", async () => {
    const { socketPath } = await startServer();
    const refusals: Array<[method: string, params: unknown, named: string]> = [
      ["task.request", {}, "worker"],
      ["task.request", undefined, "task.request"],
      ["task.request", [1], "worker"],
      ["task.request", { worker: -1 }, "worker"],
      ["task.request", { worker: 1.5 }, "worker"],
      ["task.request", { worker: "1" }, "worker"],
      ["task.commit", { worker: 1, phase: "sort", task: 0, attempt: 1 }, "phase"],
      ["task.commit", { worker: 1, phase: "map", task: 0 }, "attempt"],
      ["job.status", { verbose: true }, "job.status"],
      ["job.cancel", { reason: 7 }, "reason"],
    ];
    for (const [method, params, named] of refusals) {
      const answer = await sendJson(socketPath, { jsonrpc: "2.0", id: 1, method, params });
      expect(answer, `${method} ${JSON.stringify(params)}`).toMatchObject({
        error: { code: -32602, message: expect.stringContaining(named) },
      });
    }
  });

  it("takes no report on a file outside the job's own names", async () => {
    const { socketPath } = await startServer();
    for (const name of ["../mr-0-0", "/etc/passwd", "mr-0", "mr-out-1/..", "mr-0-0\n"]) {
      const params = {
        worker: 1,
        phase: "map",
        task: 0,
        attempt: 1,
        outputs: [{ name, bytes: 0, crc32: 0 }],
      };
      const message = { jsonrpc: "2.0", id: 1, method: "task.complete", params };
      expect(await sendJson(socketPath, message), name).toMatchObject({
        error: { code: -32602, message: expect.stringContaining("outputs.0.name") },
      });
    }
  });

  it("answers a batch with an array, also when it has one request", async () => {
    const { socketPath } = await startServer();
    const result = expect.objectContaining({ job: "00c0ffee" });
    expect(await sendJson(socketPath, [STATUS_REQUEST])).toEqual([
      { jsonrpc: "2.0", id: 1, result },
    ]);
    const answers = await sendJson(socketPath, [
      STATUS_REQUEST,
      7,
      { jsonrpc: "2.0", method: "job.status" },
      { jsonrpc: "2.0", id: 2, method: "job.start" },
    ]);
    expect(answers).toEqual([{ jsonrpc: "2.0", id: 1, result }, error(-32600), error(-32601, 2)]);
  });

  it("answers a notification, or a batch of them, with 204 and no text", async () => {
    const { socketPath } = await startServer();
    const notification = { jsonrpc: "2.0", method: "job.cancel" };
    for (const message of [notification, [notification, notification]]) {
      const answer = await sendHttp(socketPath, JSON.stringify(message));
      expect(answer).toMatchObject({ status: 204, text: "" });
    }
  });

  it("turns a mistake in a handler into an error of that one request", async () => {
    const { socketPath } = await startServer();
    const params = { worker: 1, phase: "map", task: 0, attempt: 1, message: "no" };
    const answer = await sendJson(socketPath, {
      jsonrpc: "2.0",
      id: 1,
      method: "task.fail",
      params,
    });
    expect(answer).toMatchObject({ error: { message: "a mistake in a handler" } });
    expect(await sendJson(socketPath, STATUS_REQUEST)).toHaveProperty("result");
  });
});

describe("the RPC server, when its callers misbehave", () => {
  it("F34: drops a request that is too large and goes on", async () => {
    const { socketPath } = await startServer();
    const tooLarge = Buffer.alloc(17 * 1024 * 1024, " ");
    // The answer says why, or the connection closes while the rest is still being sent.
    const outcome = await sendHttp(socketPath, tooLarge).catch(
      (error: NodeJS.ErrnoException) => error,
    );
    if (outcome instanceof Error) expect(["EPIPE", "ECONNRESET"]).toContain(outcome.code);
    else expect(outcome).toMatchObject({ status: 413 });
    expect(await sendJson(socketPath, STATUS_REQUEST)).toHaveProperty("result");
  });

  it("F34: drops what is not HTTP, and headers without end, and goes on", async () => {
    const { socketPath } = await startServer();
    for (const text of ["\0\0\0\0\n\n", `POST /rpc HTTP/1.1\r\nX: ${"x".repeat(20_000)}\r\n`]) {
      await closedByPeer(await openSocket(socketPath, text));
    }
    expect(await sendJson(socketPath, STATUS_REQUEST)).toHaveProperty("result");
  });

  it("F34: answers others while a request arrives slowly, or never ends", async () => {
    const { socketPath } = await startServer();
    const head = "POST /rpc HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{";
    const slow = [await openSocket(socketPath), await openSocket(socketPath, head)];
    expect(await sendJson(socketPath, STATUS_REQUEST)).toHaveProperty("result");
    for (const socket of slow) socket.destroy();
  });

  it("F34: drops a request that takes too long to arrive, headers or body, and goes on", async () => {
    const { socketPath } = await startServer(undefined, { requestTimeoutMs: 300 });
    const head = "POST /rpc HTTP/1.1\r\nhost: x\r\n";
    const [headers, body] = [
      await openSocket(socketPath, head),
      await openSocket(socketPath, `${head}content-length: 100\r\n\r\n`),
    ];
    // A byte now and then does not keep them alive.
    const trickle = setInterval(() => {
      headers.write("x");
      body.write("x");
    }, 50);
    await Promise.all([closedByPeer(headers), closedByPeer(body)]);
    clearInterval(trickle);
    expect(await sendJson(socketPath, STATUS_REQUEST)).toHaveProperty("result");
  });

  it("F34: refuses a batch that is long because its answer would be longer", async () => {
    const { socketPath } = await startServer();
    const batch = (length: number) => Array.from({ length }, () => 0);
    expect(await sendJson(socketPath, batch(1000))).toHaveLength(1000);
    expect(await sendJson(socketPath, batch(1001))).toEqual(error(-32600));
  });

  it("F34: closes although a request has not arrived whole", async () => {
    const { socketPath, server } = await startServer();
    const silent = await openSocket(socketPath);
    const half = await openSocket(socketPath, "POST /rpc HTTP/1.1\r\nhost: x\r\n");
    await sendJson(socketPath, STATUS_REQUEST);
    const dropped = Promise.all([closedByPeer(silent), closedByPeer(half)]);
    await server.close();
    await dropped;
  });

  it("goes on when somebody hangs up in the middle of a request or before its answer", async () => {
    const { socketPath, hungUp } = await startServer();
    const half = await openSocket(socketPath, "POST /rpc HTTP/1.1\r\n");
    half.destroy();
    const body = JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "task.request",
      params: { worker: 1 },
    });
    const head = `POST /rpc HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n`;
    const waiting = await openSocket(socketPath, head + body);
    await sendJson(socketPath, STATUS_REQUEST);
    waiting.destroy();
    await hungUp;
    expect(await sendJson(socketPath, STATUS_REQUEST)).toHaveProperty("result");
  });
});

describe("the RPC server and those who wait", () => {
  it("answers a request as late as it likes, and closes only after that", async () => {
    const { socketPath, server, answer, requested } = await startServer();
    const client = new RpcClient(socketPath);
    const assignment = client.call("task.request", { worker: 1 });
    await requested;
    const closed = server.close();
    answer({ kind: "reduce", task: 3, attempt: 1, sources: [] });
    expect(await assignment).toEqual({ kind: "reduce", task: 3, attempt: 1, sources: [] });
    await closed;
    expect(existsSync(socketPath)).toBe(false);
    client.close();
  });

  it("says that a worker is gone when its last connection has closed, and not before", async () => {
    const { socketPath, gone } = await startServer();
    const [first, second] = [new RpcClient(socketPath), new RpcClient(socketPath)];
    const attempt = { worker: 7, phase: "map", task: 0, attempt: 1 } as const;
    await first.call("task.commit", attempt);
    await second.call("task.commit", attempt);
    first.close();
    // A whole exchange later the server has heard of the closed connection.
    await sendJson(socketPath, STATUS_REQUEST);
    await sendJson(socketPath, STATUS_REQUEST);
    expect(gone).toEqual([]);
    second.close();
    while (gone.length === 0) await sendJson(socketPath, STATUS_REQUEST);
    expect(gone).toEqual([7]);
  });

  it("tells no one apart by a connection that never named a worker", async () => {
    const { socketPath, gone } = await startServer();
    (await openSocket(socketPath)).destroy();
    await sendJson(socketPath, STATUS_REQUEST);
    await sendJson(socketPath, STATUS_REQUEST);
    expect(gone).toEqual([]);
  });
});
