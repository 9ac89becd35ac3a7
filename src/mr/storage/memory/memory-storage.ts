import { posix } from "node:path";
import { appendBytes, ByteBuffer } from "../../base/byte-target.ts";
import { temporaryName } from "../../job/names.ts";
import type { OutputFile } from "../../job/task.ts";
import { type FileWriter, PendingFile } from "../pending-file.ts";
import type {
  FetchedFiles,
  FileStat,
  LocalFile,
  PendingOutput,
  Scratch,
  Storage,
} from "../storage.ts";

interface MemoryFile {
  readonly bytes: Uint8Array;
  readonly version: number;
}

/** Files in this process's memory, by absolute path. Directories exist by the files in them. */
export class MemoryStorage implements Storage {
  readonly #files = new Map<string, MemoryFile>();
  #versions = 0;

  /** The paths of all files, unsorted. */
  get paths(): string[] {
    return [...this.#files.keys()];
  }

  /** The contents of a file; undefined when there is none. */
  get(path: string): Uint8Array | undefined {
    return this.#files.get(path)?.bytes;
  }

  /** Puts a file in place, which keeps `bytes`. */
  put(path: string, bytes: Uint8Array): void {
    this.#versions += 1;
    this.#files.set(path, { bytes, version: this.#versions });
  }

  resolve(directory: string, path: string): string {
    return posix.resolve(directory, path);
  }

  async stat(path: string): Promise<FileStat> {
    const { bytes, version } = this.#find(path);
    return { bytes: bytes.length, version: String(version) };
  }

  async list(directory: string): Promise<string[]> {
    const names = this.paths
      .filter((path) => posix.dirname(path) === directory)
      .map((path) => posix.basename(path));
    return names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  }

  async remove(path: string): Promise<void> {
    this.#files.delete(path);
  }

  open(path: string): LocalFile {
    return fileOf(this.#find(path).bytes);
  }

  fetch(): FetchedFiles {
    return { open: (path) => this.open(path), close: () => undefined };
  }

  createOutput(directory: string, tag: string): PendingOutput {
    return new AttemptFiles(this, directory, tag);
  }

  scratch(directory: string, tag: string): Scratch {
    return new AttemptFiles(this, directory, tag);
  }

  #find(path: string): MemoryFile {
    const file = this.#files.get(path);
    if (file === undefined) throw noSuchFile(path);
    return file;
  }
}

/** Files of one attempt, which the storage gets when they are committed. */
class AttemptFiles implements PendingOutput, Scratch {
  readonly #storage: MemoryStorage;
  readonly #directory: string;
  readonly #tag: string;
  readonly #files = new Map<PendingFile, MemoryWriter>();

  constructor(storage: MemoryStorage, directory: string, tag: string) {
    this.#storage = storage;
    this.#directory = directory;
    this.#tag = tag;
  }

  file(name: string): PendingFile {
    const target = posix.join(this.#directory, name);
    const path = posix.join(this.#directory, temporaryName(name, this.#tag));
    const writer = new MemoryWriter();
    const file = new PendingFile({ name, target, path }, () => writer);
    this.#files.set(file, writer);
    return file;
  }

  open(path: string): LocalFile {
    for (const [file, writer] of this.#files)
      if (file.path === path) return fileOf(writer.contents);
    throw noSuchFile(path);
  }

  commit(): OutputFile[] {
    const outputs: OutputFile[] = [];
    for (const [{ summary }, writer] of this.#files) {
      this.#storage.put(posix.join(this.#directory, summary.name), writer.contents);
      outputs.push(summary);
    }
    this.#files.clear();
    return outputs;
  }

  remove(file: PendingFile): void {
    file.abort();
    this.#files.delete(file);
  }

  discard(): void {
    for (const file of this.#files.keys()) this.remove(file);
  }
}

class MemoryWriter implements FileWriter {
  readonly #written = new ByteBuffer(0);

  /** The bytes so far, which later writes may change. */
  get contents(): Uint8Array {
    return this.#written.bytes.subarray(0, this.#written.length);
  }

  write(bytes: Uint8Array): void {
    appendBytes(this.#written, bytes, 0, bytes.length);
  }

  truncate(length: number): void {
    this.#written.length = length;
  }

  sync(): void {
    // Memory does not survive a power cut.
  }

  close(): void {
    // There is nothing to close.
  }
}

function fileOf(bytes: Uint8Array): LocalFile {
  return {
    read: (target, from, to, position) => {
      const part = bytes.subarray(position, position + to - from);
      target.set(part, from);
      return part.length;
    },
    close: () => undefined,
  };
}

function noSuchFile(path: string): Error {
  return Object.assign(new Error(`there is no file "${path}"`), { code: "ENOENT" });
}
