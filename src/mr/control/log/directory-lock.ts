import { createHash } from "node:crypto";
import { realpathSync, rmSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { describeCause, errorCode, MrError } from "../../base/errors.ts";
import { runtimeDir } from "../../base/runtime-dir.ts";

/** The right to coordinate the job of a directory, which ends with this process at the latest. */
export interface DirectoryLock {
  release(): void;
}

/**
 * Locks a job directory against other coordinators, on whatever socket they listen.
 *
 * The lock is a listening socket, because the system takes that away from a process however it dies.
 * On Linux its name is in the abstract namespace (unix(7)), where taking a name is atomic and nothing
 * is left behind; it reaches as far as the network namespace, so not from one container to another.
 * Elsewhere it is a file, one for each user, and one that nobody listens on is replaced.
 *
 * @param directory absolute path; symbolic links to it lead to the same lock
 * @throws MrError when another coordinator has it
 */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  const hash = createHash("sha256").update(realpathSync(directory)).digest("hex").slice(0, 20);
  const isLinux = process.platform === "linux";
  // Whoever runs it: a directory may belong to many users.
  const name = isLinux ? `\0tsmr-${hash}.lock` : join(runtimeDir(), `${hash}.lock`);
  // Whoever knocks learns that somebody is here, and nothing else.
  const server = createServer((socket) => socket.destroy());
  try {
    if (!isLinux && !(await isAlive(name))) rmSync(name, { force: true });
    await listen(server, name);
  } catch (error) {
    if (errorCode(error) === "EADDRINUSE") {
      throw new MrError(
        "JOB_IN_USE",
        `Another coordinator is already running in directory "${directory}"`,
      );
    }
    throw new MrError(
      "DIRECTORY_UNUSABLE",
      `Cannot lock directory "${directory}": ${describeCause(error)}`,
    );
  }
  server.unref();
  return { release: () => void server.close() };
}

function listen(server: Server, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(name, resolve);
  });
}

function isAlive(name: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(name);
    probe.once("connect", () => resolve(true));
    probe.once("error", () => resolve(false));
    probe.once("close", () => probe.destroy());
  });
}
