import {
  accessSync,
  closeSync,
  constants,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
  rmdirSync,
  statSync,
} from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { describeCause, errorCode, MrError } from "./errors.ts";
import { lstatIfThere, statIfThere } from "./file-status.ts";

/**
 * Makes a directory and its parents, unless they exist. (A recursive `mkdirSync` never returns where a file
 * system answers ENOENT to new directories, as /proc does.)
 *
 * @param path absolute
 * @param mode of each directory that is made
 * @returns those that were not there, the outermost first
 * @throws the error of the operating system
 */
export function makeDirectory(path: string, mode?: number): string[] {
  if (isDirectory(path)) return [];
  const parent = dirname(path);
  let made: string[] = [];
  try {
    if (parent !== path) made = makeDirectory(parent, mode);
  } catch (error) {
    // If the parent is a file, the error of the system is that it is no directory.
    if (errorCode(error) !== "EEXIST") throw error;
  }
  try {
    mkdirSync(path, mode);
    return [...made, path];
  } catch (error) {
    // Another process may have made it meanwhile.
    if (errorCode(error) !== "EEXIST" || !isDirectory(path)) throw error;
    return made;
  }
}

/**
 * Removes the directories that are empty.
 *
 * @param made what {@link makeDirectory} returned
 */
export function removeEmptyDirectories(made: readonly string[]): void {
  for (const path of [...made].reverse()) {
    try {
      rmdirSync(path);
    } catch {
      // It is not empty, or another process has removed it.
      return;
    }
  }
}

/** A directory with one of these modes is shared: its group, users of its access control list, or all may write into it. */
const SHARED = 0o022;
/** The limit of Linux. */
const MAX_LINKS = 40;

/**
 * Refuses a path that leads through a symbolic link, or to a pipe, of another user in a directory that others may write
 * into. Linux does so with `fs.protected_symlinks` and `fs.protected_fifos`, but in sticky directories such as /tmp only.
 * The link or pipe may belong to this user, to root or to the owner of the directory.
 *
 * @param path absolute or relative to the current directory; it need not exist
 * @throws an error that names the link or pipe; its message is the end of a sentence
 */
export function checkNoForeignLink(path: string): void {
  const user = process.getuid?.();
  if (user === undefined) return;
  const names = resolve(path).split("/").slice(1);
  let place = "/";
  for (let links = 0; names.length > 0; ) {
    const next = join(place, names.shift() ?? "");
    const stats = lstatIfThere(next);
    // What uses the path reports a directory that is missing.
    if (stats === undefined) return;
    const kind = stats.isSymbolicLink() ? "symbolic link" : stats.isFIFO() ? "pipe" : undefined;
    if (kind !== undefined && ![user, 0].includes(stats.uid)) {
      const { mode, uid } = statSync(place);
      if ((mode & SHARED) !== 0 && uid !== stats.uid) {
        throw new Error(`"${next}" is a ${kind} of user ${stats.uid} in a shared directory`);
      }
    }
    if (!stats.isSymbolicLink()) {
      place = next;
      continue;
    }
    links += 1;
    if (links > MAX_LINKS) return;
    names.unshift(...resolve(place, readlinkSync(next)).split("/").slice(1));
    place = "/";
  }
}

/**
 * The current directory of this process.
 *
 * @throws MrError `DIRECTORY_UNUSABLE` when it was removed
 */
export function currentDirectory(): string {
  try {
    return process.cwd();
  } catch (error) {
    const why = errorCode(error) === "ENOENT" ? "it was removed" : describeCause(error);
    throw new MrError("DIRECTORY_UNUSABLE", `Cannot use the current directory: ${why}`);
  }
}

/**
 * Makes the names of the files in a directory survive a power cut. Syncing a file does not keep its name.
 *
 * @throws the error of the operating system, except where the file system can't sync directories
 */
export function syncDirectory(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } catch (error) {
    if (!["EINVAL", "ENOTSUP"].includes(errorCode(error) ?? "")) throw error;
  } finally {
    closeSync(descriptor);
  }
}

/** Whether there is something at `path` that is no directory. */
export function isNoDirectory(path: string): boolean {
  return statIfThere(path)?.isDirectory() === false;
}

/** The part of a path that is a file where only a directory can be; undefined if there is none. */
export function fileInWay(path: string): string | undefined {
  for (let part = dirname(path); part !== dirname(part); part = dirname(part)) {
    const stats = statIfThere(part);
    if (stats !== undefined) return stats.isDirectory() ? undefined : part;
  }
  return undefined;
}

export function isDirectory(path: string): boolean {
  return statIfThere(path)?.isDirectory() ?? false;
}

/**
 * The directory of this user's sockets and compiled apps, created on first use.
 *
 * It is the same for every process of a user, whatever `TMPDIR` or `XDG_RUNTIME_DIR` are, as long as /tmp can be
 * used, because a worker must find the coordinator without an address. It is short, because the path of a socket is
 * limited to some hundred bytes. Only the owner may enter it.
 *
 * @throws MrError when none can be used: it cannot be made, belongs to another user, or is open to others
 */
export function runtimeDir(): string {
  for (const dir of runtimeDirs()) return dir;
  throw new Error("Unreachable: there is a directory, or an error");
}

/**
 * The directories that can be {@link runtimeDir}, the first one first: `TSMR_RUNTIME_DIR` alone if it is set, or else
 * one in /tmp, in `TMPDIR` and in `XDG_RUNTIME_DIR`. Each is made only when it is asked for.
 *
 * @throws MrError when there is none
 */
export function runtimeDirs(env: NodeJS.ProcessEnv = process.env): Generator<string> {
  // Not userInfo(), which fails for a user without an entry in the password file, as in containers.
  const uid = process.getuid?.() ?? 0;
  const given = env["TSMR_RUNTIME_DIR"];
  if (given) return usable([resolve(given)], uid);
  const parents = ["/tmp", env["TMPDIR"], env["XDG_RUNTIME_DIR"]];
  const paths = parents.filter((parent) => parent !== undefined && isAbsolute(parent));
  return usable([...new Set(paths.map((parent) => join(String(parent), `tsmr-${uid}`)))], uid);
}

/** Those of some directories that this user alone can write into. @throws MrError about the first if there is none */
export function* usable(candidates: readonly string[], uid: number): Generator<string> {
  let hasAny = false;
  let why: unknown;
  for (const dir of candidates) {
    try {
      ensureOwnDirectory(dir, uid);
    } catch (error) {
      why ??= error;
      continue;
    }
    hasAny = true;
    yield dir;
  }
  if (hasAny) return;
  const hint = "TSMR_RUNTIME_DIR can name another, of this user alone";
  throw new MrError("DIRECTORY_UNUSABLE", `${describeCause(why)}; ${hint}`);
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
    accessSync(dir, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new MrError(
      "DIRECTORY_UNUSABLE",
      `Cannot use runtime directory "${dir}": ${describeCause(error)}`,
    );
  }
}
