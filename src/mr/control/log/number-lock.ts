import { createServer } from "node:net";
import { join } from "node:path";
import { runtimeDir } from "../../base/directories.ts";
import { describeCause, errorCode, MrError } from "../../base/errors.ts";
import type { HeldDirectory } from "../../base/held-directory.ts";
import { listenOnSocketFile } from "../../base/socket-path.ts";
import { type Hold, inUse } from "./lock-hold.ts";

/**
 * Locks a directory whose file system has no sockets, on a system without abstract sockets. The lock is a socket of
 * this user elsewhere, named by device and inode of the directory. It does not keep other users out.
 */
export async function lockByNumber({ path, stats: { dev, ino } }: HeldDirectory): Promise<Hold> {
  const name = `tsmr-${dev.toString(16)}-${ino.toString(16)}.lock`;
  const server = createServer((socket) => socket.destroy());
  try {
    await listenOnSocketFile(server, join(runtimeDir(), name));
  } catch (error) {
    if (errorCode(error) === "JOB_IN_USE") throw inUse(path);
    throw new MrError(
      "DIRECTORY_UNUSABLE",
      `Cannot lock directory "${path}": ${describeCause(error)}`,
    );
  }
  server.unref();
  return { isThere: () => true, release: () => void server.close() };
}
