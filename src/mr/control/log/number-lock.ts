import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { runtimeDir } from "../../base/directories.ts";
import { describeCause, errorCode, MrError } from "../../base/errors.ts";
import type { HeldDirectory } from "../../base/held-directory.ts";
import { listenOnSocketFile } from "../../base/socket-path.ts";
import { type Hold, inUse } from "./lock-hold.ts";

const ANYONES =
  "or another user has its lock, which is a name that anyone can take where a file system has no sockets";

/**
 * Locks a directory whose file system has no sockets. On Linux the lock has a name in the abstract namespace
 * (unix(7)), which is shared by all users but not between containers; elsewhere it is a socket of this user.
 */
export async function lockByNumber({ path, stats: { dev, ino } }: HeldDirectory): Promise<Hold> {
  const name = `tsmr-${dev.toString(16)}-${ino.toString(16)}.lock`;
  const server = createServer((socket) => socket.destroy());
  try {
    if (process.platform === "linux") {
      server.listen({ path: `\0${name}`, exclusive: true });
      await once(server, "listening");
    } else {
      await listenOnSocketFile(server, join(runtimeDir(), name));
    }
  } catch (error) {
    const isTaken = errorCode(error) === "EADDRINUSE" || errorCode(error) === "JOB_IN_USE";
    const isAnyones = process.platform === "linux";
    if (isTaken) throw inUse(path, isAnyones ? ANYONES : undefined);
    throw new MrError(
      "DIRECTORY_UNUSABLE",
      `Cannot lock directory "${path}": ${describeCause(error)}`,
    );
  }
  server.unref();
  return { isThere: () => true, release: () => void server.close() };
}
