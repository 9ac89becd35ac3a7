import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { describeCause, MrError } from "../errors.ts";
import { temporaryName } from "../names.ts";

/** Large enough that the cost of a system call does not show. */
const BUFFER_BYTES = 64 * 1024;

/** What a complete file holds, so that its reader can tell whether it is still that. */
export interface FileSummary {
  readonly name: string;
  readonly bytes: number;
  readonly crc32: number;
}

/**
 * A file that appears under its name only when it is complete. It is written beside its final place
 * under a temporary name, and ends in exactly one of {@link commit} and {@link discard}.
 */
export class PendingFile {
  readonly #name: string;
  readonly #path: string;
  readonly #temporaryPath: string;
  readonly #descriptor: number;
  readonly #buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  #buffered = 0;
  #bytes = 0;
  #crc32 = 0;
  #state: "writing" | "finished" | "ended" = "writing";

  /**
   * @param directory where the file is to stand
   * @param name its final name there
   * @param tag tells this attempt's temporary file from those of all others
   * @throws MrError when the temporary file cannot be created
   */
  constructor(directory: string, name: string, tag: string) {
    this.#name = name;
    this.#path = join(directory, name);
    this.#temporaryPath = join(directory, temporaryName(name, tag));
    this.#descriptor = this.#attempt("create", () => openSync(this.#temporaryPath, "w", 0o666));
  }

  /** Appends `bytes`, which may be reused as soon as this returns. */
  write(bytes: Uint8Array): void {
    if (this.#buffered + bytes.length > BUFFER_BYTES) this.#flush();
    if (bytes.length > BUFFER_BYTES) {
      this.#writeOut(bytes);
      return;
    }
    this.#buffer.set(bytes, this.#buffered);
    this.#buffered += bytes.length;
  }

  /**
   * Ends the writing, after which the file waits for its commit.
   *
   * @param durable whether the bytes must survive a power cut. What will be checked against its
   *   summary before use need not, and waiting for the disk is slow.
   */
  finish({ durable }: { readonly durable: boolean }): FileSummary {
    this.#flush();
    if (durable) this.#attempt("sync", () => fsyncSync(this.#descriptor));
    this.#attempt("close", () => closeSync(this.#descriptor));
    this.#state = "finished";
    return { name: this.#name, bytes: this.#bytes, crc32: this.#crc32 };
  }

  /** Gives the file its final name, replacing any file that has it. */
  commit(): void {
    this.#attempt("publish", () => renameSync(this.#temporaryPath, this.#path));
    this.#state = "ended";
  }

  /** Removes what was written. Harmless after {@link commit}. */
  discard(): void {
    if (this.#state === "ended") return;
    if (this.#state === "writing") closeSync(this.#descriptor);
    this.#state = "ended";
    rmSync(this.#temporaryPath, { force: true });
  }

  #flush(): void {
    const bytes = this.#buffer.subarray(0, this.#buffered);
    this.#buffered = 0;
    this.#writeOut(bytes);
  }

  #writeOut(bytes: Uint8Array): void {
    this.#attempt("write", () => {
      for (let written = 0; written < bytes.length; ) {
        written += writeSync(this.#descriptor, bytes, written);
      }
    });
    this.#bytes += bytes.length;
    this.#crc32 = crc32(bytes, this.#crc32);
  }

  #attempt<T>(what: string, operation: () => T): T {
    try {
      return operation();
    } catch (error) {
      throw new MrError(`Cannot ${what} output "${this.#path}": ${describeCause(error)}`);
    }
  }
}
