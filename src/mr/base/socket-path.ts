import { createHash } from "node:crypto";
import { realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { MrError } from "./errors.ts";
import { runtimeDir } from "./runtime-dir.ts";

/**
 * The longest path that fits `sockaddr_un.sun_path` with its closing NUL (unix(7): 108 bytes on
 * Linux, 104 on macOS and the BSDs).
 */
const MAX_SOCKET_PATH_BYTES = process.platform === "linux" ? 107 : 103;

/**
 * Where the coordinator of a job directory listens, so that any process of the same user started in
 * that directory finds it, and none started in another.
 *
 * @param directory the job directory; symbolic links to it lead to the same socket
 */
export function socketPathOf(directory: string): string {
  const name = createHash("sha256").update(realpathSync(directory)).digest("hex").slice(0, 20);
  return join(runtimeDir(), `${name}.sock`);
}

/**
 * Checks that it is this user who listens there, since a worker does what it is told. No socket at all
 * is not this function's business.
 *
 * @throws MrError when the socket belongs to somebody else; the end of a sentence about it
 */
export function checkSocketOwner(path: string): void {
  const owner = statSync(path, { throwIfNoEntry: false })?.uid;
  const user = process.getuid?.();
  if (owner === undefined || user === undefined || owner === user) return;
  throw new MrError("COORDINATOR_UNREACHABLE", `it belongs to user ${owner}, not to ${user}`);
}

/**
 * @throws MrError when the path is longer than the system allows: some versions of Node would cut it
 *   without a word, and two jobs could meet at the same end
 */
export function checkSocketPath(path: string): void {
  const bytes = Buffer.byteLength(path);
  if (bytes <= MAX_SOCKET_PATH_BYTES) return;
  throw new MrError(
    "SOCKET_UNUSABLE",
    `Socket path "${path}" is ${bytes} bytes long: the system's limit is ${MAX_SOCKET_PATH_BYTES}`,
  );
}
