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
import { join, resolve } from "node:path";
import { crc32 } from "node:zlib";
import { temporaryName } from "../../job/names.ts";
import type { OutputFile } from "../../job/task.ts";
import { attemptOutput, type FileWriter, PendingFile } from "../pending-file.ts";
import type {
  FetchedFiles,
  FileStat,
  LocalFile,
  PendingOutput,
  Scratch,
  Storage,
} from "../storage.ts";

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
    const file = openFile(path);
    if (!file.isDirectory) return file;
    file.close();
    throw Object.assign(new Error("it is a directory"), { code: "EISDIR" });
  },

  fetch: () => FILES,

  createOutput: (directory, tag, { durable }) => new AttemptFiles(directory, tag, durable),

  scratch: (directory, tag) => new AttemptFiles(directory, tag, false),
};

/** The same as {@link Storage.stat}, of what the file system says. */
export function fileStat({ size, mtimeNs, ino }: BigIntStats): FileStat {
  // Two files that replace each other within one tick of the clock have the same time.
  return { bytes: Number(size), version: `${mtimeNs}-${ino}` };
}

const FILES: FetchedFiles = { open: openFile, close: () => undefined };

function openFile(path: string): DiskFile {
  return new DiskFile(path);
}

class DiskFile implements LocalFile {
  readonly #descriptor: number;

  constructor(path: string) {
    this.#descriptor = openSync(path, "r");
  }

  get isDirectory(): boolean {
    return fstatSync(this.#descriptor).isDirectory();
  }

  read(target: Uint8Array, from: number, to: number, position: number): number {
    return readSync(this.#descriptor, target, from, to - from, position);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** Files of one attempt. Each is written under a temporary name beside its final place. */
class AttemptFiles implements PendingOutput, Scratch {
  readonly open = openFile;
  readonly #directory: string;
  readonly #tag: string;
  readonly #isDurable: boolean;
  readonly #files = new Set<PendingFile>();

  constructor(directory: string, tag: string, isDurable: boolean) {
    this.#directory = directory;
    this.#tag = tag;
    this.#isDurable = isDurable;
  }

  file(name: string): PendingFile {
    const target = join(this.#directory, name);
    const path = join(this.#directory, temporaryName(name, this.#tag));
    const file = new PendingFile({ name, target, path }, () => {
      return new DiskWriter(path, this.#isDurable);
    });
    this.#files.add(file);
    return file;
  }

  commit(): OutputFile[] {
    const outputs: OutputFile[] = [];
    for (const { summary, path } of this.#files) {
      const target = join(this.#directory, summary.name);
      attemptOutput("publish", target, () => renameSync(path, target));
      outputs.push(summary);
    }
    this.#files.clear();
    return outputs;
  }

  remove(file: PendingFile): void {
    this.#files.delete(file);
    file.abort();
    rmSync(file.path, { force: true });
  }

  discard(): void {
    for (const file of this.#files) this.remove(file);
  }
}

class DiskWriter implements FileWriter {
  readonly #descriptor: number;
  readonly #isDurable: boolean;

  constructor(path: string, isDurable: boolean) {
    this.#descriptor = openSync(path, "w", 0o666);
    this.#isDurable = isDurable;
  }

  write(bytes: Uint8Array, position: number): void {
    for (let written = 0; written < bytes.length; ) {
      const rest = bytes.length - written;
      written += writeSync(this.#descriptor, bytes, written, rest, position + written);
    }
  }

  truncate(length: number): void {
    ftruncateSync(this.#descriptor, length);
  }

  sync(): void {
    if (this.#isDurable) fsyncSync(this.#descriptor);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
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
