import type { OutputFile } from "../job/task.ts";
import type { PendingFile } from "./pending-file.ts";

/** A stored file as it is now. */
export interface FileStat {
  readonly bytes: number;
  /** Changes when the file is replaced or changed: made of the time of the last change, a counter, an ETag. */
  readonly version: string;
}

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
   * @throws MrError when a file cannot be published
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
  /** The names of the files directly in a directory, in the order of their bytes. */
  list(directory: string): Promise<string[]>;
  /** Removes a file. Harmless when there is none. */
  remove(path: string): Promise<void>;
  /** Fails with `EISDIR` for a directory, as far as the storage has any. */
  open(path: string): StoredFile | Promise<StoredFile>;
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
