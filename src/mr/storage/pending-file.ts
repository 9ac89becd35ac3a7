import { crc32 } from "node:zlib";
import { giveBuffer, takeBuffer } from "../base/buffer-pool.ts";
import { appendBytes, type ByteTarget } from "../base/byte-target.ts";
import { viewOf } from "../base/copy-bytes.ts";
import { describeCause, MrError } from "../base/errors.ts";
import { temporaryName } from "../job/names.ts";
import type { OutputFile } from "../job/task.ts";
import type { LocalFiles, PendingOutput, Scratch, Storage } from "./storage.ts";

const BUFFER_BYTES = 256 * 1024;
/** Larger pieces are written directly instead of through the buffer. */
const COPIED_BYTES = 64 * 1024;
const NO_BYTES = Buffer.allocUnsafeSlow(0);

/** A part of the file at an absolute path, with the checksum of that part. */
export interface Segment {
  readonly path: string;
  readonly start: number;
  readonly end: number;
  readonly crc32: number;
}

/** Writes the bytes of a pending file to a storage. Errors are those of the system. */
export interface FileWriter {
  /** Writes all of `bytes` at `position`, the end of the file. */
  write(bytes: Uint8Array, position: number): void;
  truncate(length: number): void;
  /** Makes the file survive a power cut if it is durable. */
  sync(): void;
  close(): void;
}

/**
 * A file that is being written. Bytes are appended by {@link write}, or in place as with any
 * {@link ByteTarget}. It is complete after {@link finish}. The output or scratch that it belongs to publishes or
 * removes it.
 */
export class PendingFile implements ByteTarget {
  /** The bytes that are not yet written out are bytes[0, length). */
  bytes: Buffer = NO_BYTES;
  view: DataView = viewOf(NO_BYTES);
  length = 0;
  /** Absolute path until the file is published. */
  readonly path: string;
  readonly #name: string;
  readonly #target: string;
  readonly #writer: FileWriter;
  #written = 0;
  #crc32 = 0;
  #segmentStart = 0;
  /** The position to which {@link rollBack} cuts the file, and the checksum of the bytes before it. */
  #mark = Number.POSITIVE_INFINITY;
  #markCrc32 = 0;
  #state: "writing" | "closed" = "writing";

  /**
   * @param target absolute path in errors
   * @throws MrError when it cannot be created
   */
  constructor(name: string, target: string, path: string, create: (path: string) => FileWriter) {
    this.#name = name;
    this.#target = target;
    this.path = path;
    this.#writer = attemptOutput("create", target, () => create(path));
  }

  get bytesWritten(): number {
    return this.#written + this.length;
  }

  /** The size and checksum of a finished file, by which its reader finds damage. */
  get summary(): OutputFile {
    return { name: this.#name, bytes: this.#written, crc32: this.#crc32 };
  }

  /** Appends `bytes`, which may be reused as soon as this returns. */
  write(bytes: Uint8Array): void {
    if (bytes.length <= COPIED_BYTES) appendBytes(this, bytes, 0, bytes.length);
    else {
      this.#flush();
      this.#writeOut(bytes);
    }
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

  /** Sets the position to which {@link rollBack} cuts the file. Not for files with segments. */
  mark(): void {
    this.#mark = this.bytesWritten;
  }

  /** Removes the bytes that were appended after {@link mark}. */
  rollBack(): void {
    if (this.#mark >= this.#written) {
      this.length = this.#mark - this.#written;
      return;
    }
    attemptOutput("write", this.#target, () => this.#writer.truncate(this.#mark));
    this.length = 0;
    this.#written = this.#mark;
    this.#crc32 = this.#markCrc32;
  }

  /**
   * Ends a part of the file, which begins at the end of the one before. The summary of a file that is written in
   * parts has no checksum of the whole.
   */
  endSegment(): Segment {
    this.#flush();
    const start = this.#segmentStart;
    const checksum = this.#crc32;
    this.#segmentStart = this.#written;
    this.#crc32 = 0;
    return { path: this.path, start, end: this.#written, crc32: checksum };
  }

  /** @throws MrError when the last bytes cannot be written or synced */
  finish(): void {
    if (this.#state === "closed") return;
    this.#flush();
    this.#giveBuffer();
    attemptOutput("sync", this.#target, () => this.#writer.sync());
    this.#state = "closed";
    attemptOutput("close", this.#target, () => this.#writer.close());
  }

  /** Closes the file, complete or not, for its storage to remove. Harmless after {@link finish}. */
  abort(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#giveBuffer();
    this.#writer.close();
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
    attemptOutput("write", this.#target, () => this.#writer.write(bytes, this.#written));
    const beforeMark = Math.min(Math.max(0, this.#mark - this.#written), bytes.length);
    if (beforeMark > 0) this.#crc32 = crc32(bytes.subarray(0, beforeMark), this.#crc32);
    if (this.#written + beforeMark === this.#mark) this.#markCrc32 = this.#crc32;
    if (beforeMark < bytes.length) this.#crc32 = crc32(bytes.subarray(beforeMark), this.#crc32);
    this.#written += bytes.length;
  }
}

/** The operations of a storage on which {@link AttemptFiles} is built. */
export interface AttemptBacking extends LocalFiles {
  readonly resolve: Storage["resolve"];
  readonly create: (path: string) => FileWriter;
  /** Moves a finished file from `path` to `target`. */
  readonly publish: (path: string, target: string) => void;
  /** Makes the names of published files survive a power cut if they are durable. */
  readonly syncNames: (directory: string) => void;
  readonly remove: (path: string) => void;
}

/** Files of one attempt. Each has a temporary name beside its final place until it is committed. */
export class AttemptFiles implements PendingOutput, Scratch {
  readonly open: LocalFiles["open"];
  readonly #backing: AttemptBacking;
  readonly #directory: string;
  readonly #tag: string;
  readonly #files = new Set<PendingFile>();

  constructor(directory: string, tag: string, backing: AttemptBacking) {
    this.open = backing.open;
    this.#backing = backing;
    this.#directory = directory;
    this.#tag = tag;
  }

  file(name: string): PendingFile {
    const { resolve, create } = this.#backing;
    const target = resolve(this.#directory, name);
    const path = resolve(this.#directory, temporaryName(name, this.#tag));
    const file = new PendingFile(name, target, path, create);
    this.#files.add(file);
    return file;
  }

  commit(): OutputFile[] {
    const { resolve, publish, syncNames } = this.#backing;
    const outputs: OutputFile[] = [];
    for (const { summary, path } of this.#files) {
      const target = resolve(this.#directory, summary.name);
      attemptOutput("publish", target, () => publish(path, target));
      outputs.push(summary);
    }
    attemptOutput("sync", this.#directory, () => syncNames(this.#directory));
    this.#files.clear();
    return outputs;
  }

  remove(file: PendingFile): void {
    this.#files.delete(file);
    file.abort();
    this.#backing.remove(file.path);
  }

  discard(): void {
    for (const file of this.#files) this.remove(file);
  }
}

/** Does something to an output. An MrError names the operation that failed. */
function attemptOutput<T>(what: string, target: string, operation: () => T): T {
  try {
    return operation();
  } catch (error) {
    throw new MrError(
      "OUTPUT_UNWRITABLE",
      `Cannot ${what} output "${target}": ${describeCause(error)}`,
    );
  }
}
