import {
  closeSync,
  createReadStream,
  fstatSync,
  openSync,
  type ReadStream,
  readSync,
} from "node:fs";
import type { Transform } from "node:stream";
import * as zlib from "node:zlib";
import type { InputSource } from "../../app/contract/reader.ts";
import { describeCause, MrError } from "../../base/errors.ts";
import type { Split } from "../../job/split.ts";

/** An input that is open, until it is closed. */
export interface OpenInput extends InputSource {
  /** How many bytes of the (uncompressed) file have been read so far. */
  readonly bytesRead: number;
  close(): void;
}

/** Node 22.15 brought zstd; the types of Node 20 don't know it. */
const { createZstdDecompress } = zlib as { createZstdDecompress?: () => Transform };

/** Whether a file of this name is read through a decompressor, and so can't be split. */
export function isCompressedName(file: string): boolean {
  return /\.(gz|zst)$/.test(file);
}

/**
 * Opens the input of a map task.
 *
 * @param path absolute path of the file
 * @param split the part to be read; of a compressed file always all
 * @throws MrError when it cannot be opened, is a directory, or can't be decompressed by this Node
 */
export function openInput(path: string, split: Split): OpenInput {
  if (!isCompressedName(split.file)) return new PlainInput(path, split);
  if (split.file.endsWith(".gz")) return new CompressedInput(path, split, zlib.createGunzip());
  if (createZstdDecompress === undefined) {
    throw new MrError(
      "INPUT_UNSUPPORTED",
      `Cannot read input "${split.file}": Node ${process.version} has no zstd (22.15 has)`,
    );
  }
  return new CompressedInput(path, split, createZstdDecompress());
}

/** A file as it is. Reads are synchronous: whoever reads it has nothing else to do. */
class PlainInput implements OpenInput {
  readonly file: string;
  readonly start: number;
  readonly end: number;
  readonly resume: Split["resume"];
  bytesRead = 0;
  readonly #descriptor: number;

  constructor(path: string, { file, start, end, resume }: Split) {
    this.file = file;
    this.start = start;
    this.end = end;
    this.resume = resume;
    this.#descriptor = this.#attempt(() => openSync(path, "r"));
    if (fstatSync(this.#descriptor).isDirectory()) {
      this.close();
      throw new MrError("INPUT_UNREADABLE", `Cannot read input "${file}": it is a directory`);
    }
  }

  read(target: Uint8Array, from: number, position: number): number {
    const length = target.length - from;
    const count = this.#attempt(() => readSync(this.#descriptor, target, from, length, position));
    this.bytesRead += count;
    return count;
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #attempt<T>(operation: () => T): T {
    try {
      return operation();
    } catch (error) {
      throw new MrError(
        "INPUT_UNREADABLE",
        `Cannot read input "${this.file}": ${describeCause(error)}`,
      );
    }
  }
}

/** A file that is decompressed while it is read, from its beginning to its end. */
class CompressedInput implements OpenInput {
  readonly file: string;
  readonly start = 0;
  readonly end = Number.MAX_SAFE_INTEGER;
  bytesRead = 0;
  readonly #stream: Transform;
  readonly #compressed: ReadStream;
  readonly #chunks: AsyncIterator<Uint8Array>;
  #chunk: Uint8Array = new Uint8Array(0);

  constructor(path: string, { file }: Split, decompressor: Transform) {
    this.file = file;
    this.#stream = decompressor;
    const compressed = createReadStream(path, { highWaterMark: 256 * 1024 });
    compressed.on("error", (error) => decompressor.destroy(error));
    decompressor.on("close", () => compressed.destroy());
    this.#compressed = compressed;
    this.#chunks = compressed.pipe(decompressor)[Symbol.asyncIterator]();
  }

  read(target: Uint8Array, from: number, _position: number): number | Promise<number> {
    if (this.#chunk.length > 0) return this.#take(target, from);
    return this.#receive().then((isMore) => (isMore ? this.#take(target, from) : 0));
  }

  close(): void {
    this.#stream.destroy();
  }

  #take(target: Uint8Array, from: number): number {
    const count = Math.min(this.#chunk.length, target.length - from);
    target.set(this.#chunk.subarray(0, count), from);
    this.#chunk = this.#chunk.subarray(count);
    this.bytesRead += count;
    return count;
  }

  /** Node's zstd stops after one frame without a word; a file may be several, one after the other. */
  #checkEnd(): void {
    const { bytesWritten } = this.#stream as Transform & { readonly bytesWritten?: number };
    if (!this.file.endsWith(".zst") || bytesWritten === this.#compressed.bytesRead) return;
    throw new Error("it has more than one zstd frame, of which Node reads the first only");
  }

  async #receive(): Promise<boolean> {
    try {
      const { done, value } = await this.#chunks.next();
      if (done === true) {
        this.#checkEnd();
        return false;
      }
      this.#chunk = value;
      return true;
    } catch (error) {
      throw new MrError(
        "INPUT_UNREADABLE",
        `Cannot read input "${this.file}": ${describeCause(error)}`,
      );
    }
  }
}
