// Tests src/mr/base/socket-path.ts where two processes find the socket file of a killed one at once.

import { renameSync, statSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { listenOnSocketFile } from "../../src/mr/base/socket-path.ts";
import { socketDirectory } from "../control/protocol/server-under-test.ts";

/** What another process does just before this one moves the stale file away. */
const other = vi.hoisted(() => ({ acts: () => undefined as void }));

vi.mock("node:fs", async (importOriginal) => {
  const fs = await importOriginal<typeof import("node:fs")>();
  return {
    ...fs,
    renameSync(from: string, to: string) {
      if (to.endsWith("~")) other.acts();
      fs.renameSync(from, to);
    },
  };
});

async function listening(path: string): Promise<Server> {
  const server = createServer((socket) => {
    // A probe closes its end at once.
    socket.on("error", () => undefined);
    socket.end("other");
  });
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return server;
}

it("F31 the slower of two processes that replace a stale socket leaves that of the faster one in its place", async () => {
  const directory = socketDirectory();
  const [path, stale, fast] = ["s.sock", "stale.sock", "fast.sock"].map((name) =>
    join(directory, name),
  ) as [string, string, string];
  // Closing removes the file that a server listens on, so it is moved away.
  const dead = await listening(stale);
  renameSync(stale, path);
  await new Promise((resolve) => dead.close(resolve));
  await listening(fast);
  const { ino } = statSync(fast);
  other.acts = () => renameSync(fast, path);

  const slower = createServer();
  onTestFinished(() => void slower.close());
  await expect(listenOnSocketFile(slower, path)).rejects.toMatchObject({ code: "JOB_IN_USE" });
  expect(statSync(path).ino).toBe(ino);
  const answer = new Promise((resolve) => connect(path).once("data", resolve));
  expect(String(await answer)).toBe("other");
});
