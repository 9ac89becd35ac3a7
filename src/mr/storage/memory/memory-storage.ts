import { posix } from "node:path";
import { appendBytes, ByteBuffer } from "../../base/byte-target.ts";
import { inputError } from "../../base/errors.ts";
import type { InputFile } from "../../job/job-spec.ts";
import { AttemptFiles, type FileWriter } from "../pending-file.ts";
import {
  byBytes,
  type FetchedFiles,
  type FileStat,
  type LocalFile,
  type Storage,
} from "../storage.ts";

interface MemoryFile {
  readonly bytes: Uint8Array;
  readonly version: number;
}

/**
 * Files in this process's memory, by absolute path, which may be written as a URL: `memory:///in/a.txt`.
 * A directory exists as long as there are files in it.
 */
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

  /** Puts a file in place, which keeps `bytes`. Fails with `EISDIR` where a directory has its path. */
  put(path: string, bytes: Uint8Array): void {
    if (this.#isDirectory(path)) throw systemError("EISDIR", path);
    this.#versions += 1;
    this.#files.set(path, { bytes, version: this.#versions });
  }

  resolve(directory: string, path: string): string {
    return posix.resolve(directory, path.replace(/^memory:\/\//, ""));
  }

  async stat(path: string): Promise<FileStat> {
    return this.#stat(path);
  }

  async find(argument: string, directory: string): Promise<InputFile[]> {
    const path = this.resolve(directory, argument);
    const names = (await this.list(path)).filter((name) => !name.startsWith("."));
    const urls = names.map((name) => `${argument.replace(/\/$/, "")}/${name}`);
    if (this.#files.has(path)) urls.splice(0, Infinity, argument);
    if (urls.length === 0) throw inputError(argument, systemError("ENOENT", path));
    return urls.map((url) => ({ url, ...this.#stat(this.resolve(directory, url)) }));
  }

  async list(directory: string): Promise<string[]> {
    const paths = this.paths.filter((path) => posix.dirname(path) === directory);
    return paths.map((path) => posix.basename(path)).sort(byBytes);
  }

  async remove(path: string): Promise<void> {
    this.#files.delete(path);
  }

  open(path: string): LocalFile {
    return fileOf(this.#find(path));
  }

  publish(path: string, parts: readonly Uint8Array[]): boolean {
    this.put(this.resolve("/", path), Buffer.concat(parts));
    return true;
  }

  fetch(): FetchedFiles {
    return { open: (path) => this.open(path), close: () => undefined };
  }

  createOutput(directory: string, tag: string): AttemptFiles {
    const written = new Map<string, ByteBuffer>();
    const contents = (path: string): Uint8Array => {
      const buffer = written.get(path);
      if (buffer === undefined) throw systemError("ENOENT", path);
      return buffer.bytes.subarray(0, buffer.length);
    };
    return new AttemptFiles(directory, tag, {
      resolve: posix.resolve,
      open: (path) => fileOf({ bytes: contents(path), version: 0 }),
      create: (path) => {
        const buffer = new ByteBuffer(0);
        written.set(path, buffer);
        return writerOf(buffer);
      },
      publish: (path, target) => this.put(target, contents(path)),
      syncNames: () => undefined,
      remove: (path) => written.delete(path),
    });
  }

  scratch(directory: string, tag: string): AttemptFiles {
    return this.createOutput(directory, tag);
  }

  #stat(path: string): FileStat {
    return statOf(this.#find(path));
  }

  #find(path: string): MemoryFile {
    const file = this.#files.get(path);
    if (file !== undefined) return file;
    throw systemError(this.#isDirectory(path) ? "EISDIR" : "ENOENT", path);
  }

  #isDirectory(path: string): boolean {
    return this.paths.some((other) => other.startsWith(`${path}/`));
  }
}

function statOf({ bytes, version }: MemoryFile): FileStat {
  return { size: bytes.length, version: String(version) };
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

function fileOf(file: MemoryFile): LocalFile {
  const { bytes } = file;
  return {
    read: (target, from, to, position) => {
      const part = bytes.subarray(position, position + to - from);
      target.set(part, from);
      return part.length;
    },
    stat: () => statOf(file),
    close: () => undefined,
  };
}

function systemError(code: "ENOENT" | "EISDIR", path: string): Error {
  return Object.assign(new Error(`there is no file "${path}"`), { code });
}
