import { createHash } from "node:crypto";
import { once } from "node:events";
import { realpathSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { describeCause, errorCode, MrError } from "../../base/errors.ts";
import { runtimeDir } from "../../base/runtime-dir.ts";

/** The right to coordinate the job of a directory. It ends when this process exits. */
export interface DirectoryLock {
  release(): void;
}

/**
 * Locks a job directory against other coordinators, whose sockets may have other paths.
 *
 * The lock is a listening socket, because the system closes it in every kind of death. On Linux its name is
 * in the abstract namespace (unix(7)), where taking a name is atomic and leaves nothing behind; it is shared
 * within a network namespace, and so not between containers. Elsewhere it is a socket file, one for each user,
 * which is replaced if no process listens on it.
 *
 * @param directory absolute path; symbolic links to it lead to the same lock
 * @throws MrError when another coordinator has it
 */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  const hash = createHash("sha256").update(realpathSync(directory)).digest("hex").slice(0, 20);
  const isLinux = process.platform === "linux";
  // The same name for all users, because they may share a directory.
  const name = isLinux ? `\0tsmr-${hash}.lock` : join(runtimeDir(), `${hash}.lock`);
  // Connecting succeeds only while the lock is held, and serves no other purpose.
  const server = createServer((socket) => socket.destroy());
  try {
    if (!isLinux && !(await isAlive(name))) rmSync(name, { force: true });
    server.listen(name);
    await once(server, "listening");
  } catch (error) {
    const where = `directory "${directory}"`;
    if (errorCode(error) === "EADDRINUSE") {
      throw new MrError("JOB_IN_USE", `Another coordinator is already running in ${where}`);
    }
    throw new MrError("DIRECTORY_UNUSABLE", `Cannot lock ${where}: ${describeCause(error)}`);
  }
  server.unref();
  return { release: () => void server.close() };
}

async function isAlive(name: string): Promise<boolean> {
  const probe = connect(name);
  const isConnected = await once(probe, "connect").then(
    () => true,
    () => false,
  );
  probe.destroy();
  return isConnected;
}
