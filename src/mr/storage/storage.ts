import type { InputFile } from "../job/job-spec.ts";
import type { OutputFile } from "../job/task.ts";
import type { PendingFile } from "./pending-file.ts";

const BLOCK_BYTES = 256 * 1024;

/** Gives the storage of a URL or a path. */
export type StorageFor = (url: string) => Storage;

/** The scheme of a URL; undefined for a path. */
export function schemeOf(url: string): string | undefined {
  return /^([a-z][a-z0-9+.-]*):\/\//.exec(url)?.[1];
}

/** The order of file names: that of their bytes. */
export function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** A stored file as it is now. */
export type FileStat = Pick<InputFile, "size" | "version">;

/** A file that is open for reading. */
export interface StoredFile {
  /**
   * Reads bytes at `position` into target[from, to), which is not empty.
   *
   * @returns how many bytes were read, at least 1; 0 at the end of the file
   */
  read(target: Uint8Array, from: number, to: number, position: number): number | Promise<number>;
  /** This file as it is now, even if its path has become that of another file. */
  stat(): FileStat | Promise<FileStat>;
  close(): void;
}

/** Reads a file from its beginning. A block is valid until the next is asked for. */
export async function* readBlocks(storage: Storage, path: string): AsyncGenerator<Uint8Array> {
  const file = await storage.open(path);
  try {
    const block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
    for (let position = 0; ; ) {
      const count = await file.read(block, 0, block.length, position);
      if (count === 0) return;
      position += count;
      yield block.subarray(0, count);
    }
  } finally {
    file.close();
  }
}

/** A file that is read without waiting. */
export interface LocalFile extends StoredFile {
  read(target: Uint8Array, from: number, to: number, position: number): number;
}

/** Files that are read without waiting. Each is opened only when it is read, because open files are limited. */
export interface LocalFiles {
  open(path: string): LocalFile;
}

/** Files that {@link Storage.fetch} has made local. */
export interface FetchedFiles extends LocalFiles {
  /** Frees the resources of the fetched files, which must be closed before. */
  close(): void;
}

/**
 * The output of one attempt: files that are written one after the other, and published by one {@link commit}. It
 * ends with `commit` or `discard`.
 */
export interface PendingOutput {
  /**
   * Starts the next file. The one before must be finished.
   *
   * @param name in the directory of the output
   * @throws MrError when it cannot be created
   */
  file(name: string): PendingFile;
  /**
   * Publishes the files, all of which must be finished. Each replaces any file that has its name.
   *
   * @returns the files in the order they were started
   * @throws MrError when a file cannot be published. Some of the others may be published then, each as a whole
   */
  commit(): readonly OutputFile[] | Promise<readonly OutputFile[]>;
  /** Removes the files that are not published. Harmless after {@link commit}. */
  discard(): void;
}

/**
 * Temporary files of one attempt, which are written and then read by this process only. They are local in
 * every storage, never committed, and are found by {@link PendingFile.path}.
 */
export interface Scratch extends LocalFiles {
  /** @throws MrError when the file cannot be created */
  file(name: string): PendingFile;
  /** Removes a file that is no longer needed. */
  remove(file: PendingFile): void;
  /** Removes all files. Harmless when it is called again. */
  discard(): void;
}

/**
 * Where the bytes of a job live: inputs, map outputs, results.
 *
 * A path is absolute, in the form that {@link resolve} returns. By default a method fails with an error that has
 * the `code` of a system error (`ENOENT`, `EACCES`, `ENOSPC`, …), and its caller names in an MrError the operation
 * that failed. A storage may return a value or a promise where the type allows both.
 */
export interface Storage {
  /** The full path of `path`, which may be relative to `directory`. */
  resolve(directory: string, path: string): string;
  stat(path: string): Promise<FileStat>;
  /**
   * Finds the input files that one argument of a command line names.
   *
   * An existing path is taken as that path, even if it looks like a pattern. A directory stands for the
   * files directly in it, without hidden ones. Anything else with wildcards is a pattern, if the storage has
   * patterns. The files of a pattern or a directory are in the order of their names' bytes.
   *
   * @param argument a path, relative to `directory`, or a URL
   * @returns at least one file, named as a user would: relative where the argument is relative
   * @throws MrError when there is none, or one cannot be read
   */
  find(argument: string, directory: string): Promise<readonly InputFile[]>;
  /** The names of the files directly in a directory, in the order of their bytes. */
  list(directory: string): Promise<string[]>;
  /** Removes a file. Harmless when there is none. */
  remove(path: string): Promise<void>;
  /** Fails with `EISDIR` for a directory if the storage has directories. */
  open(path: string): StoredFile | Promise<StoredFile>;
  /**
   * Writes a file and replaces any file there. A failure leaves no part of it.
   *
   * @param path need not be absolute
   * @param namedBy the user: links are followed, and a pipe or a device is written to. Or this program, whose names
   *   others know who may write into the directory: all of these are replaced
   * @returns whether there is a file at `path` now; false for a pipe or a device
   */
  publish(
    path: string,
    parts: readonly Uint8Array[],
    namedBy: "user" | "program",
  ): boolean | Promise<boolean>;
  /**
   * Makes files readable without waiting, so that the loops of the reduce side are synchronous. Opening a missing
   * file fails.
   */
  fetch(paths: readonly string[]): FetchedFiles | Promise<FetchedFiles>;
  /**
   * Starts the output of an attempt.
   *
   * @param tag distinguishes this attempt's files from those of all others until they are committed
   * @param options.durable whether finished files, and once they are committed their names, survive a power cut.
   *   Map outputs need not, because they are checked against their summaries when they are read, and syncing is slow
   */
  createOutput(
    directory: string,
    tag: string,
    options: { readonly durable: boolean },
  ): PendingOutput;
  /** Starts the temporary files of an attempt. */
  scratch(directory: string, tag: string): Scratch;
}
