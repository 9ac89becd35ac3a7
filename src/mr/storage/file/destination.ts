import {
  closeSync,
  fstatSync,
  fsyncSync,
  openSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { checkNoForeignLink } from "../../base/directories.ts";
import { lstatIfThere, statIfThere } from "../../base/file-status.ts";
import { createFile } from "../../base/open-file.ts";
import { writeAll } from "../../base/write-all.ts";

/** Open files of a process are links that `stat` and `open` follow, and `readlink` does not. */
const OPEN_FILE = /^\/dev\/(stdin|stdout|stderr|fd\/(\d+))$|^\/proc\/([^/]+)\/fd\/(\d+)$/;
const STANDARD = ["stdin", "stdout", "stderr"];
/** The limit of Linux. */
const MAX_LINKS = 40;

/**
 * The path of a file that the user has named, after symbolic links are followed: a rename replaces it by a complete
 * file. Undefined if it is appended to instead, because it is a pipe, a device, or an open file of this process such
 * as `/dev/stdout`.
 *
 * @param path absolute or relative to the current directory; it need not exist
 * @throws the error of the operating system when the path cannot be looked at, or one that names a link or pipe of another
 *   user in a shared directory
 */
export function destinationOf(path: string): string | undefined {
  checkNoForeignLink(path);
  const stats = statIfThere(path);
  // For a directory, the rename fails.
  const isSpecial = stats !== undefined && !stats.isFile() && !stats.isDirectory();
  if (isSpecial || OPEN_FILE.test(resolve(path))) return undefined;
  return stats === undefined ? endOfLinks(path) : realpathSync(path);
}

/** The descriptor of an open file of this process; undefined for any other path. */
function descriptorOf(path: string): number | undefined {
  const [match, name = "", number, owner = "self", numberOfOwner] =
    OPEN_FILE.exec(resolve(path)) ?? [];
  if (match === undefined || !["self", "thread-self", String(process.pid)].includes(owner)) {
    return undefined;
  }
  return STANDARD.includes(name) ? STANDARD.indexOf(name) : Number(number ?? numberOfOwner);
}

/** Parts are joined into blocks of about this size, because a call for each line would be slow. */
const BLOCK_BYTES = 1 << 20;

/**
 * See {@link Storage.publish}. The file is written under a temporary name beside it and synced before it gets its
 * own. A symbolic link that the user has named stays, and the file that it points at is replaced.
 *
 * @param path absolute or relative to the current directory
 * @throws the error of the operating system; the temporary file is gone then
 */
export function publishFile(
  path: string,
  parts: readonly Uint8Array[],
  namedBy: "user" | "program",
): boolean {
  const target = namedBy === "user" ? destinationOf(path) : path;
  if (target === undefined) {
    writeToOpenFile(path, parts);
    return false;
  }
  const temporary = join(dirname(target), `.${basename(target)}.${process.pid}.tmp`);
  try {
    writeFile(temporary, parts);
    renameSync(temporary, target);
    return true;
  } finally {
    // It is there after a failure, and after a rename that did nothing.
    rmSync(temporary, { force: true });
  }
}

/** An open file of this process is not opened again: a new opening has a position of its own. */
function writeToOpenFile(path: string, parts: readonly Uint8Array[]): void {
  const own = descriptorOf(path);
  if (own === undefined) {
    const descriptor = openSync(path, "a");
    try {
      writeParts(descriptor, parts);
    } finally {
      closeSync(descriptor);
    }
    return;
  }
  const stats = fstatSync(own);
  const takesBytes =
    stats.isFile() || stats.isFIFO() || stats.isSocket() || stats.isCharacterDevice();
  if (!takesBytes) throw new Error("it is not a file, a pipe, a socket or a device");
  writeParts(own, parts);
}

function writeFile(path: string, parts: readonly Uint8Array[]): void {
  const descriptor = createFile(path);
  try {
    writeParts(descriptor, parts);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Writes parts at the position of an open file. */
function writeParts(descriptor: number, parts: readonly Uint8Array[]): void {
  let block: Uint8Array[] = [];
  let size = 0;
  const flush = () => {
    writeAll(descriptor, Buffer.concat(block));
    block = [];
    size = 0;
  };
  for (const part of parts) {
    block.push(part);
    size += part.length;
    if (size >= BLOCK_BYTES) flush();
  }
  flush();
}

/** The path of a file that does not exist yet, after the links that lead to it are followed. */
function endOfLinks(path: string): string {
  let end = path;
  for (let links = 0; links < MAX_LINKS; links++) {
    if (lstatIfThere(end)?.isSymbolicLink() !== true) return end;
    end = resolve(realpathSync(dirname(end)), readlinkSync(end));
  }
  return end;
}
