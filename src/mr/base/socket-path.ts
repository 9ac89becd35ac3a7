import { chmodSync, renameSync, rmSync, statSync } from "node:fs";
import { connect, type Server } from "node:net";
import { join } from "node:path";
import { checkNoForeignLink, runtimeDir } from "./directories.ts";
import { describeCause, errorCode, MrError } from "./errors.ts";
import { lstatIfThere, statIfThere } from "./file-status.ts";

/**
 * The longest path that fits `sockaddr_un.sun_path` with its closing NUL (unix(7): 108 bytes on
 * Linux, 104 on macOS and the BSDs).
 */
export const MAX_SOCKET_PATH_BYTES = process.platform === "linux" ? 107 : 103;

/**
 * Where the coordinator of a job directory listens, so that any process of the same user started in
 * that directory finds it, and none started in another. The name is made of device and inode, like the lock of
 * the directory: symbolic links and bind mounts lead to the same socket, and so does a directory that was renamed.
 *
 * @param directory the job directory
 * @throws MrError `DIRECTORY_UNUSABLE` when another user may have led the path elsewhere; `SOCKET_UNUSABLE` when the path
 *   is too long
 */
export function socketPathOf(directory: string): string {
  checkPathOfJob(directory);
  const { dev, ino } = statSync(directory, { bigint: true });
  const path = join(runtimeDir(), `${dev}-${ino}.sock`);
  // Before workers start, which would report it too.
  checkSocketPath(path, "; TSMR_RUNTIME_DIR can name a directory with a shorter path");
  return path;
}

/** @throws MrError `DIRECTORY_UNUSABLE` when the path of a job directory leads through a link of another user */
export function checkPathOfJob(directory: string): void {
  try {
    checkNoForeignLink(directory);
  } catch (error) {
    const why = describeCause(error);
    throw new MrError("DIRECTORY_UNUSABLE", `Cannot use job directory "${directory}": ${why}`);
  }
}

/**
 * Checks that the socket belongs to this user, because a worker executes what its coordinator sends. A path
 * without a socket passes.
 *
 * @throws MrError when the socket belongs to another user; its message is the end of a sentence
 */
export function checkSocketOwner(path: string): void {
  const owner = statIfThere(path)?.uid;
  const user = process.getuid?.();
  if (owner === undefined || user === undefined || owner === user) return;
  throw new MrError("COORDINATOR_UNREACHABLE", `it belongs to user ${owner}, not to ${user}`);
}

/**
 * @param hint the end of the message
 * @throws MrError when the path is longer than the system allows: some versions of Node cut it silently, and
 *   two jobs could get the same socket
 */
export function checkSocketPath(path: string, hint = ""): void {
  const bytes = Buffer.byteLength(path);
  if (bytes <= MAX_SOCKET_PATH_BYTES) return;
  throw new MrError(
    "SOCKET_UNUSABLE",
    `Socket path "${path}" is ${bytes} bytes long: the system's limit is ${MAX_SOCKET_PATH_BYTES}${hint}`,
  );
}

/**
 * Makes a server listen on a socket file that only its owner may connect to. A file that a killed process has
 * left behind is replaced.
 *
 * @throws MrError when another process listens there, or the path can't be a socket
 */
export async function listenOnSocketFile(server: Server, path: string): Promise<void> {
  checkSocketPath(path);
  while (!(await tryToListen(server, path))) await removeStaleSocket(path);
}

/** @returns false when there is something at the path already */
function tryToListen(server: Server, path: string): Promise<boolean> {
  return new Promise<boolean>((resolve, reject) => {
    const onError = (error: Error) => {
      if (errorCode(error) === "EADDRINUSE") resolve(false);
      else reject(cannotListen(path, describeCause(error)));
    };
    server.once("error", onError);
    const umask = maskOthers();
    try {
      // In Node's cluster mode, a socket that is not exclusive belongs to all workers of the cluster.
      server.listen({ path, exclusive: true }, () => {
        server.off("error", onError);
        chmodSync(path, 0o600);
        resolve(true);
      });
    } finally {
      if (umask !== undefined) process.umask(umask);
    }
  });
}

/**
 * Keeps other users from connecting between bind and chmod.
 *
 * @returns the mask before; undefined in a thread of a process, which can't set it
 */
function maskOthers(): number | undefined {
  try {
    return process.umask(0o177);
  } catch {
    // The socket of a job is in a directory that other users can't enter.
    return undefined;
  }
}

/**
 * Removes the socket file that a killed process has left behind, but nothing else.
 *
 * Two processes may find the same file at once, and the slower one must not remove the new socket of the
 * faster one. So the file is renamed first, which only one of them can do, and probed again.
 *
 * @throws MrError when it is no socket, or a process listens on it
 */
async function removeStaleSocket(path: string): Promise<void> {
  if (lstatIfThere(path)?.isSocket() === false) {
    throw cannotListen(path, "there is a file of that name");
  }
  if (await isListening(path)) throw inUse(path);
  // Of the same length, since the path may be as long as the system allows.
  const aside = `${path.slice(0, -1)}~`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return;
    throw cannotListen(path, describeCause(error));
  }
  if (await isListening(aside)) {
    renameSync(aside, path);
    throw inUse(path);
  }
  rmSync(aside, { force: true });
}

function inUse(path: string): MrError {
  return new MrError("JOB_IN_USE", `Another coordinator is already running on socket "${path}"`);
}

function cannotListen(path: string, why: string): MrError {
  return new MrError("SOCKET_UNUSABLE", `Cannot listen on socket "${path}": ${why}`);
}

/** @throws MrError `JOB_IN_USE` when a process listens on the socket */
export async function checkSocketFree(path: string): Promise<void> {
  if (await isListening(path)) throw inUse(path);
}

/**
 * Checks that no coordinator of this user listens on the socket of a job directory.
 *
 * @throws MrError `JOB_IN_USE`
 */
export async function checkNoCoordinator(directory: string): Promise<void> {
  if (!(await isListening(socketPathOf(directory)))) return;
  throw new MrError(
    "JOB_IN_USE",
    `Another coordinator is already running in directory "${directory}"`,
  );
}

/** Whether connecting succeeds. A file that refuses connections was left by a killed process. */
function isListening(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const probe = connect(path);
    probe.once("connect", () => {
      probe.destroy();
      resolve(true);
    });
    probe.once("error", (error) => {
      const code = errorCode(error);
      if (code === "ENOENT" || code === "ECONNREFUSED") resolve(false);
      // Its queue of connections is full.
      else if (code === "EAGAIN") resolve(true);
      else {
        const why = describeCause(error);
        reject(new MrError("SOCKET_UNUSABLE", `Cannot use socket "${path}": ${why}`));
      }
    });
  });
}
