import {
  type BigIntStats,
  closeSync,
  createReadStream,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { readdir, rm, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { crc32 } from "node:zlib";
import { AttemptFiles, type FileWriter } from "../pending-file.ts";
import type { FileStat, LocalFile, Storage } from "../storage.ts";

/** The file system. All but {@link Storage.stat}, {@link Storage.list} and {@link Storage.remove} is synchronous. */
export const fileStorage: Storage = {
  resolve,

  async stat(path): Promise<FileStat> {
    return fileStat(await stat(path, { bigint: true }));
  },

  async list(directory) {
    const entries = await readdir(directory, { withFileTypes: true });
    const names = entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
    return names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  },

  remove(path) {
    return rm(path, { force: true });
  },

  open(path) {
    const descriptor = openSync(path, "r");
    if (!fstatSync(descriptor).isDirectory()) return fileOf(descriptor);
    closeSync(descriptor);
    throw Object.assign(new Error("it is a directory"), { code: "EISDIR" });
  },

  fetch: () => ({ open: openFile, close: () => undefined }),

  createOutput: (directory, tag, { durable }) => attemptFiles(directory, tag, durable),

  scratch: (directory, tag) => attemptFiles(directory, tag, false),
};

/** The same as {@link Storage.stat}, of what the file system says. */
export function fileStat({ size, mtimeNs, ino }: BigIntStats): FileStat {
  // Two files that replace each other within one tick of the clock have the same time.
  return { bytes: Number(size), version: `${mtimeNs}-${ino}` };
}

function openFile(path: string): LocalFile {
  return fileOf(openSync(path, "r"));
}

function fileOf(descriptor: number): LocalFile {
  return {
    read: (target, from, to, position) => readSync(descriptor, target, from, to - from, position),
    close: () => closeSync(descriptor),
  };
}

function attemptFiles(directory: string, tag: string, isDurable: boolean): AttemptFiles {
  return new AttemptFiles(directory, tag, {
    resolve,
    open: openFile,
    create: (path) => writerOf(openSync(path, "w", 0o666), isDurable),
    publish: renameSync,
    remove: (path) => rmSync(path, { force: true }),
  });
}

function writerOf(descriptor: number, isDurable: boolean): FileWriter {
  return {
    write(bytes, position) {
      for (let written = 0; written < bytes.length; ) {
        const rest = bytes.length - written;
        written += writeSync(descriptor, bytes, written, rest, position + written);
      }
    },
    truncate: (length) => ftruncateSync(descriptor, length),
    sync() {
      if (isDurable) fsyncSync(descriptor);
    },
    close: () => closeSync(descriptor),
  };
}

/**
 * The CRC-32 of a file's contents, as an unsigned number.
 *
 * @throws the error of the operating system
 */
export async function fileChecksum(path: string): Promise<number> {
  let checksum = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
    checksum = crc32(chunk, checksum);
  }
  return checksum;
}
