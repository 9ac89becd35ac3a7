import { lstatSync } from "node:fs";
import { join } from "node:path";
import { describeCause, MrError } from "./errors.ts";
import { makeDirectory } from "./make-directory.ts";

/**
 * The directory of this user's sockets and compiled apps, created on first use.
 *
 * It is the same for every process of a user, whatever `TMPDIR` or `XDG_RUNTIME_DIR` are, because a worker
 * must find the coordinator without an address. It is short, because the path of a socket is limited to some
 * hundred bytes. Only the owner may enter it.
 *
 * @throws MrError when it belongs to another user, is not a directory, or is open to others
 */
export function runtimeDir(): string {
  // Not userInfo(), which fails for a user without an entry in the password file, as in containers.
  const uid = process.getuid?.() ?? 0;
  const dir = join("/tmp", `tsmr-${uid}`);
  ensureOwnDirectory(dir, uid);
  return dir;
}

/**
 * Makes a directory that only its owner may enter, unless it exists.
 *
 * @throws MrError when it exists and belongs to another user, is not a directory, or is open to others
 */
export function ensureOwnDirectory(dir: string, uid: number): void {
  try {
    makeDirectory(dir, 0o700);
    const stats = lstatSync(dir);
    if (!stats.isDirectory()) throw new Error("it is not a directory");
    if (stats.uid !== uid) throw new Error(`it belongs to user ${stats.uid}, not to ${uid}`);
    if ((stats.mode & 0o077) !== 0) throw new Error("other users may enter it (chmod 700 it)");
  } catch (error) {
    throw new MrError(
      "DIRECTORY_UNUSABLE",
      `Cannot use runtime directory "${dir}": ${describeCause(error)}`,
    );
  }
}
