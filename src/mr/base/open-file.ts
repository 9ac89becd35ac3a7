import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  openSync,
  readFileSync,
  unlinkSync,
} from "node:fs";
import { errorCode } from "./errors.ts";

/*
 * Opens files of a job directory, which other users may be able to write into. A symbolic link or a FIFO that
 * they have put there is never opened: the file it leads to would be overwritten, or the open would wait.
 */

const { O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } = constants;

/** The permissions of a file that all users may read, and of one with settings, which may be secrets. */
const MODES = { public: 0o666, private: 0o600 };
const OTHERS = 0o077;

/**
 * Makes a file for writing, in place of any other, which is removed.
 *
 * @param readers all users that the umask allows, or this user alone
 * @returns its descriptor
 * @throws the error of the operating system
 */
export function createFile(path: string, readers: "public" | "private" = "public"): number {
  try {
    unlinkSync(path);
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
  }
  return openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, MODES[readers]);
}

/**
 * Opens a file that a job has made. From one that is opened for writing, which is a log, it takes the permissions of
 * other users.
 *
 * @param how `append` also reads, and makes the file if there is none
 * @returns its descriptor
 * @throws the error of the operating system, or one that says that the file is a link or no regular file
 */
export function openJobFile(path: string, how: "read" | "readWrite" | "append"): number {
  const access = { read: O_RDONLY, readWrite: O_RDWR, append: O_RDWR | O_APPEND | O_CREAT }[how];
  let descriptor: number;
  try {
    descriptor = openSync(path, access | O_NOFOLLOW | O_NONBLOCK, MODES.private);
  } catch (error) {
    if (errorCode(error) === "ELOOP") throw new Error("it is a symbolic link");
    // A FIFO or a device without a reader.
    if (errorCode(error) === "ENXIO") throw new Error("it is not a regular file");
    throw error;
  }
  try {
    const { nlink, mode, uid } = checkRegular(descriptor);
    // The other name may be a file of this user elsewhere.
    if (how !== "read" && nlink > 1) throw new Error("it has another name too (a hard link)");
    // Only its owner can do this, and earlier versions of this package have not.
    const isExposed = how !== "read" && (mode & OTHERS) !== 0 && uid === process.getuid?.();
    if (isExposed) fchmodSync(descriptor, MODES.private);
    return descriptor;
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

/**
 * Opens a file for reading, also by a symbolic link. It never waits, as opening a FIFO does.
 *
 * @returns its descriptor
 * @throws the error of the operating system; EISDIR for a directory; one that says that it is no regular file
 */
export function openForReading(path: string): number {
  const descriptor = openSync(path, O_RDONLY | O_NONBLOCK);
  try {
    checkRegular(descriptor);
    return descriptor;
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

/** The contents of a file. Throws as {@link openForReading} does. */
export function readRegularFile(path: string): Buffer {
  const descriptor = openForReading(path);
  try {
    return readFileSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function checkRegular(descriptor: number) {
  const stats = fstatSync(descriptor);
  if (stats.isFile()) return stats;
  if (!stats.isDirectory()) throw new Error("it is not a regular file");
  throw Object.assign(new Error("it is a directory"), { code: "EISDIR" });
}
