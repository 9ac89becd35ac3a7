// Tests src/mr/control/protocol/server.ts: the socket that it listens on.

import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { RpcClient } from "../../../src/mr/control/protocol/client.ts";
import { sendJson } from "../../support/raw-http.ts";
import { socketDirectory, startServer } from "./server-under-test.ts";

const STATUS_REQUEST = { jsonrpc: "2.0", id: 1, method: "job.status" };

describe("the RPC server's socket", () => {
  it("F35: lets only its owner connect", async () => {
    const { socketPath } = await startServer();
    expect(statSync(socketPath).mode & 0o777).toBe(0o600);
  });

  it("F30: replaces the file that a killed coordinator has left behind", async () => {
    const directory = socketDirectory();
    const [socketPath, moved] = [join(directory, "s.sock"), join(directory, "moved.sock")];
    // Closing removes the file a server listens on, so what it leaves is made by moving it away.
    const dead = createServer().listen(socketPath);
    await new Promise((resolve) => dead.once("listening", resolve));
    renameSync(socketPath, moved);
    await new Promise((resolve) => dead.close(resolve));
    renameSync(moved, socketPath);
    await startServer(socketPath);
    expect(await sendJson(socketPath, STATUS_REQUEST)).toHaveProperty("result");
  });

  it("F31: refuses to start where another one listens, which goes on unharmed", async () => {
    const { socketPath } = await startServer();
    await expect(startServer(socketPath)).rejects.toMatchObject({ code: "JOB_IN_USE" });
    expect(await sendJson(socketPath, STATUS_REQUEST)).toHaveProperty("result");
  });

  it("F29: refuses a path longer than the system takes, by name, and creates nothing", async () => {
    const directory = socketDirectory();
    const room = (process.platform === "linux" ? 107 : 103) - Buffer.byteLength(`${directory}/`);
    const longest = join(directory, "s".repeat(room));
    const tooLong = `${longest}t`;
    const unusable = { code: "SOCKET_UNUSABLE", message: expect.stringContaining(tooLong) };
    await expect(startServer(tooLong)).rejects.toMatchObject(unusable);
    expect(() => new RpcClient(tooLong)).toThrow(expect.objectContaining(unusable));
    expect(existsSync(longest)).toBe(false);
    await startServer(longest);
    expect(statSync(longest).isSocket()).toBe(true);
  });

  it("F29: counts the bytes of a path, not its characters", async () => {
    const directory = socketDirectory();
    const starting = startServer(join(directory, "é".repeat(50)));
    await expect(starting).rejects.toMatchObject({ code: "SOCKET_UNUSABLE" });
  });

  it("never replaces a file that is not a socket", async () => {
    const directory = socketDirectory();
    const file = join(directory, "thesis.txt");
    writeFileSync(file, "years of work");
    const folder = join(directory, "folder");
    mkdirSync(folder);
    for (const path of [file, folder]) {
      await expect(startServer(path)).rejects.toMatchObject({
        code: "SOCKET_UNUSABLE",
        message: expect.stringContaining(path),
      });
    }
    expect(readFileSync(file, "utf8")).toBe("years of work");
  });

  it("says which socket cannot be created, and why", async () => {
    const directory = socketDirectory();
    await expect(startServer(join(directory, "no", "s.sock"))).rejects.toMatchObject({
      code: "SOCKET_UNUSABLE",
      message: expect.stringMatching(/^Cannot .*socket ".*\/no\/s\.sock": .*\(E[A-Z]+\)$/),
    });
    const loop = join(directory, "loop");
    symlinkSync(loop, loop);
    const starting = startServer(join(loop, "s.sock"));
    await expect(starting).rejects.toMatchObject({ code: "SOCKET_UNUSABLE" });
  });

  it("leaves the process's umask as it was", async () => {
    const before = process.umask();
    await startServer();
    expect(process.umask()).toBe(before);
  });
});
