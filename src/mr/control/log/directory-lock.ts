import { once } from "node:events";
import { rmSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { runtimeDir } from "../../base/directories.ts";
import { describeCause, errorCode, MrError } from "../../base/errors.ts";
import { directoryHash, isListening } from "../../base/socket-path.ts";

/**
 * Locks a job directory against other coordinators, whose sockets may have other paths.
 *
 * The lock is a listening socket, because the system closes it in every kind of death. On Linux its name is
 * in the abstract namespace (unix(7)), where taking a name is atomic and leaves nothing behind; it is shared
 * within a network namespace, and so not between containers. Elsewhere it is a socket file, one for each user,
 * which is replaced if no process listens on it.
 *
 * @param directory absolute path; symbolic links to it lead to the same lock
 * @returns a function that releases the lock, which also ends when this process exits
 * @throws MrError when another coordinator has it
 */
export async function lockDirectory(directory: string): Promise<() => void> {
  const hash = directoryHash(directory);
  const isLinux = process.platform === "linux";
  // The same name for all users, because they may share a directory.
  const name = isLinux ? `\0tsmr-${hash}.lock` : join(runtimeDir(), `${hash}.lock`);
  // Connecting succeeds only while the lock is held, and serves no other purpose.
  const server = createServer((socket) => socket.destroy());
  try {
    if (!isLinux && !(await isListening(name))) rmSync(name, { force: true });
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
  return () => void server.close();
}
