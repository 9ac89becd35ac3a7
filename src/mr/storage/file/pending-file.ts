import {
  closeSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { giveBuffer, takeBuffer } from "../../base/buffer-pool.ts";
import { appendBytes, type ByteTarget } from "../../base/byte-target.ts";
import { viewOf } from "../../base/copy-bytes.ts";
import { describeCause, MrError } from "../../base/errors.ts";
import { temporaryName } from "../../job/names.ts";

/** Large enough that the cost of a system call does not show. */
const BUFFER_BYTES = 256 * 1024;
/** More than this is not copied to be written with what comes next. */
const COPIED_BYTES = 64 * 1024;
const NO_BYTES = Buffer.allocUnsafeSlow(0);

/** What a complete file holds, so that its reader can tell whether it is still that. */
export interface FileSummary {
  readonly name: string;
  readonly bytes: number;
  readonly crc32: number;
}

/** A part of a file, with the checksum of just that part. */
export interface Segment {
  /** Absolute path of the file. */
  readonly path: string;
  readonly start: number;
  readonly end: number;
  readonly crc32: number;
}

/**
 * A file that appears under its name only when it is complete. It is written beside its final place
 * under a temporary name, and ends in exactly one of {@link commit} and {@link discard}.
 *
 * Bytes are appended by {@link write}, or in place as with any {@link ByteTarget}.
 */
export class PendingFile implements ByteTarget {
  /** What has not been written to the disk yet is bytes[0, length). */
  bytes: Buffer = NO_BYTES;
  view: DataView = viewOf(NO_BYTES);
  length = 0;
  /** Absolute path of the temporary file. */
  readonly temporaryPath: string;
  readonly #name: string;
  readonly #path: string;
  readonly #descriptor: number;
  #written = 0;
  #crc32 = 0;
  #segmentStart = 0;
  /** Where the file is cut by {@link rollBack}, and the checksum up to there once that is written. */
  #mark = Number.POSITIVE_INFINITY;
  #markCrc32 = 0;
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
    this.temporaryPath = join(directory, temporaryName(name, tag));
    this.#descriptor = this.#attempt("create", () => openSync(this.temporaryPath, "w", 0o666));
  }

  /** How many bytes have been appended so far. */
  get bytesWritten(): number {
    return this.#written + this.length;
  }

  /** Appends `bytes`, which may be reused as soon as this returns. */
  write(bytes: Uint8Array): void {
    if (bytes.length <= COPIED_BYTES) {
      appendBytes(this, bytes, 0, bytes.length);
      return;
    }
    this.#flush();
    this.#writeOut(bytes);
  }

  ensure(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    this.#flush();
    if (count > this.bytes.length) {
      giveBuffer(this.bytes);
      this.bytes = count > BUFFER_BYTES ? Buffer.allocUnsafeSlow(count) : takeBuffer(BUFFER_BYTES);
      this.view = viewOf(this.bytes);
    }
  }

  /** What is appended from here on can be taken back, until the next mark, in a file without segments. */
  mark(): void {
    this.#mark = this.bytesWritten;
  }

  /** Takes back what was appended after {@link mark}, however much that was. */
  rollBack(): void {
    if (this.#mark >= this.#written) {
      this.length = this.#mark - this.#written;
      return;
    }
    this.#attempt("write", () => ftruncateSync(this.#descriptor, this.#mark));
    this.length = 0;
    this.#written = this.#mark;
    this.#crc32 = this.#markCrc32;
  }

  /**
   * Ends a part of the file: from the last call, or the beginning, to here. The summary of a file that
   * is written in parts has no checksum of the whole.
   */
  endSegment(): Segment {
    this.#flush();
    const start = this.#segmentStart;
    const checksum = this.#crc32;
    this.#segmentStart = this.#written;
    this.#crc32 = 0;
    return { path: this.temporaryPath, start, end: this.#written, crc32: checksum };
  }

  /**
   * Ends the writing, after which the file waits for its commit. Once finished, calling it again only
   * repeats the summary.
   *
   * @param durable whether the bytes must survive a power cut. What will be checked against its
   *   summary before use need not, and waiting for the disk is slow.
   */
  finish({ durable }: { readonly durable: boolean }): FileSummary {
    if (this.#state === "writing") {
      this.#flush();
      this.#giveBuffer();
      if (durable) this.#attempt("sync", () => fsyncSync(this.#descriptor));
      this.#state = "finished";
      this.#attempt("close", () => closeSync(this.#descriptor));
    }
    return { name: this.#name, bytes: this.#written, crc32: this.#crc32 };
  }

  /** Gives the file its final name, replacing any file that has it. */
  commit(): void {
    this.#attempt("publish", () => renameSync(this.temporaryPath, this.#path));
    this.#state = "ended";
  }

  /** Removes what was written. Harmless after {@link commit}. */
  discard(): void {
    if (this.#state === "ended") return;
    if (this.#state === "writing") closeSync(this.#descriptor);
    this.#state = "ended";
    this.#giveBuffer();
    rmSync(this.temporaryPath, { force: true });
  }

  #giveBuffer(): void {
    giveBuffer(this.bytes);
    this.bytes = NO_BYTES;
    this.view = viewOf(NO_BYTES);
    this.length = 0;
  }

  #flush(): void {
    if (this.length === 0) return;
    const bytes = this.bytes.subarray(0, this.length);
    this.length = 0;
    this.#writeOut(bytes);
  }

  #writeOut(bytes: Uint8Array): void {
    this.#attempt("write", () => {
      for (let written = 0; written < bytes.length; ) {
        const left = bytes.length - written;
        const position = this.#written + written;
        written += writeSync(this.#descriptor, bytes, written, left, position);
      }
    });
    const beforeMark = Math.min(Math.max(0, this.#mark - this.#written), bytes.length);
    if (beforeMark > 0) this.#crc32 = crc32(bytes.subarray(0, beforeMark), this.#crc32);
    if (this.#written + beforeMark === this.#mark) this.#markCrc32 = this.#crc32;
    if (beforeMark < bytes.length) this.#crc32 = crc32(bytes.subarray(beforeMark), this.#crc32);
    this.#written += bytes.length;
  }

  #attempt<T>(what: string, operation: () => T): T {
    try {
      return operation();
    } catch (error) {
      throw new MrError(
        "OUTPUT_UNWRITABLE",
        `Cannot ${what} output "${this.#path}": ${describeCause(error)}`,
      );
    }
  }
}
