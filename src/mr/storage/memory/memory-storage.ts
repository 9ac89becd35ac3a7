import { posix } from "node:path";
import { appendBytes, ByteBuffer } from "../../base/byte-target.ts";
import { AttemptFiles, type FileWriter } from "../pending-file.ts";
import type { FetchedFiles, FileStat, LocalFile, Storage } from "../storage.ts";

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

  createOutput(directory: string, tag: string): AttemptFiles {
    const written = new Map<string, ByteBuffer>();
    const contents = (path: string): Uint8Array => {
      const { bytes, length } = written.get(path) ?? fail(path);
      return bytes.subarray(0, length);
    };
    return new AttemptFiles(directory, tag, {
      resolve: posix.resolve,
      open: (path) => fileOf(contents(path)),
      create: (path) => {
        const buffer = new ByteBuffer(0);
        written.set(path, buffer);
        return writerOf(buffer);
      },
      publish: (path, target) => this.put(target, contents(path)),
      remove: (path) => written.delete(path),
    });
  }

  scratch(directory: string, tag: string): AttemptFiles {
    return this.createOutput(directory, tag);
  }

  #find(path: string): MemoryFile {
    return this.#files.get(path) ?? fail(path);
  }
}

/** Memory does not survive a power cut, and has nothing to close. */
function writerOf(buffer: ByteBuffer): FileWriter {
  return {
    write: (bytes) => appendBytes(buffer, bytes, 0, bytes.length),
    truncate(length) {
      buffer.length = length;
    },
    sync: () => undefined,
    close: () => undefined,
  };
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

function fail(path: string): never {
  throw Object.assign(new Error(`there is no file "${path}"`), { code: "ENOENT" });
}
