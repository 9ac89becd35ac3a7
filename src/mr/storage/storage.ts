import type { InputFile } from "../job/job-spec.ts";
import type { OutputFile } from "../job/task.ts";
import type { PendingFile } from "./pending-file.ts";

const BLOCK_BYTES = 1024 * 1024;

/** Gives the storage that a URL, or a path without a scheme, belongs to. */
export type StorageFor = (url: string) => Storage;

/** The scheme of a URL; undefined for a path. */
export function schemeOf(url: string): string | undefined {
  return /^([a-z][a-z0-9+.-]*):\/\//.exec(url)?.[1];
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
  close(): void;
}

/** Reads a file from its beginning. Each block is the caller's to keep. */
export async function* readBlocks(storage: Storage, path: string): AsyncGenerator<Uint8Array> {
  const file = await storage.open(path);
  try {
    for (let position = 0; ; ) {
      const block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
      const count = await file.read(block, 0, block.length, position);
      if (count === 0) return;
      position += count;
      yield block.subarray(0, count);
    }
  } finally {
    file.close();
  }
}

/** A file whose bytes are at hand: reading does not wait. */
export interface LocalFile extends StoredFile {
  read(target: Uint8Array, from: number, to: number, position: number): number;
}

/** Files whose bytes are at hand. Each is opened only when it is read, because open files are few. */
export interface LocalFiles {
  open(path: string): LocalFile;
}

/** Files that {@link Storage.fetch} has made local. */
export interface FetchedFiles extends LocalFiles {
  /** Frees what fetching took. Files that are still open must be closed before. */
  close(): void;
}

/**
 * The output of one attempt: one file after the other, all of them published by one {@link commit}. It
 * ends in `commit` or `discard`.
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
   * @throws MrError when a file cannot be published. Others may be published then, each as a whole, and
   *   nothing is known of them but their names
   */
  commit(): readonly OutputFile[] | Promise<readonly OutputFile[]>;
  /** Removes what is not published. Harmless after {@link commit}. */
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
 * A path is absolute, in the form that {@link resolve} returns. Unless a method says otherwise, it fails
 * with an error that has the `code` of the system's error (`ENOENT`, `EACCES`, `ENOSPC`, …): callers say
 * in an MrError what they could not do. Whether a method returns a value or a promise of it is up to the
 * storage.
 */
export interface Storage {
  /** The full path of `path`, which may be relative to `directory`. */
  resolve(directory: string, path: string): string;
  stat(path: string): Promise<FileStat>;
  /**
   * Finds the files that one argument of a command line stands for.
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
  /** Fails with `EISDIR` for a directory, as far as the storage has any. */
  open(path: string): StoredFile | Promise<StoredFile>;
  /**
   * Writes a file that a person has named, in place of any that is there. A failure leaves no part of it.
   *
   * @param path need not be absolute. It may lead to a pipe or a device, which is written to
   * @returns whether the file is at `path` now, as opposed to having gone through a pipe or a device
   */
  publish(path: string, parts: readonly Uint8Array[]): boolean | Promise<boolean>;
  /**
   * Makes files readable without waiting, so that the loops of the reduce side need not be asynchronous. A
   * file that is missing is found when it is opened.
   */
  fetch(paths: readonly string[]): FetchedFiles | Promise<FetchedFiles>;
  /**
   * Starts the output of an attempt.
   *
   * @param tag tells this attempt's files from those of all others until they are committed
   * @param options.durable whether finished files survive a power cut. Map outputs are checked against
   *   their summaries when they are read, so they need not; syncing is slow.
   */
  createOutput(
    directory: string,
    tag: string,
    options: { readonly durable: boolean },
  ): PendingOutput;
  /** Starts the temporary files of an attempt. */
  scratch(directory: string, tag: string): Scratch;
}
