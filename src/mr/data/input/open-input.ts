import { Readable, type Transform } from "node:stream";
import * as zlib from "node:zlib";
import type { InputSource } from "../../app/contract/reader.ts";
import { errorCode, inputError, MrError } from "../../base/errors.ts";
import type { Split } from "../../job/split.ts";
import type { Storage, StoredFile } from "../../storage/storage.ts";

/** An input that is open, until it is closed. */
export interface OpenInput extends InputSource {
  /** How many bytes of the (uncompressed) file have been read so far. */
  readonly bytesRead: number;
  close(): void;
}

/** Node 22.15 brought zstd; the types of Node 20 don't know it. */
const { createZstdDecompress } = zlib as { createZstdDecompress?: () => Transform };

/** How much of a compressed file is read at a time. */
const CHUNK_BYTES = 256 * 1024;

/** Whether a file of this name is read through a decompressor, and so can't be split. */
export function isCompressedName(file: string): boolean {
  return /\.(gz|zst)$/.test(file);
}

/**
 * Opens the input of a map task.
 *
 * @param directory absolute path that a relative input starts from
 * @param split the part to be read; of a compressed file always all
 * @throws MrError when it cannot be opened, is a directory, or can't be decompressed by this Node
 */
export async function openInput(
  storage: Storage,
  directory: string,
  split: Split,
): Promise<OpenInput> {
  const { file } = split;
  const isZstd = file.endsWith(".zst");
  if (isZstd && createZstdDecompress === undefined) {
    throw new MrError(
      "INPUT_UNSUPPORTED",
      `Cannot read input "${file}": Node ${process.version} has no zstd (22.15 has)`,
    );
  }
  const stored = await openStored(storage, directory, file);
  if (!isCompressedName(file)) return plainInput(stored, split);
  const create = isZstd && createZstdDecompress ? createZstdDecompress : zlib.createGunzip;
  return new CompressedInput(stored, file, create());
}

/** @throws MrError */
export async function openStored(
  storage: Storage,
  directory: string,
  file: string,
): Promise<StoredFile> {
  try {
    return await storage.open(storage.resolve(directory, file));
  } catch (error) {
    const isDirectory = errorCode(error) === "EISDIR";
    throw inputError(file, isDirectory ? new Error("it is a directory") : error);
  }
}

/**
 * The error of a record that is longer than `limit` bytes.
 *
 * @param what kind of record, such as `line`
 * @param offset where it begins, in bytes
 */
export function recordTooLong(what: string, file: string, offset: number, limit: number): MrError {
  return new MrError(
    "INPUT_TOO_LARGE",
    `Cannot read input "${file}": the ${what} at byte ${offset} is longer than ${limit} bytes`,
  );
}

/** A file as it is. */
function plainInput(stored: StoredFile, { file, start, end, resume }: Split): OpenInput {
  const count = (bytes: number): number => {
    input.bytesRead += bytes;
    return bytes;
  };
  const fail = (error: unknown): never => {
    throw inputError(file, error);
  };
  const input = {
    file,
    start,
    end,
    resume,
    bytesRead: 0,
    read(target: Uint8Array, from: number, position: number): number | Promise<number> {
      try {
        const reading = stored.read(target, from, target.length, position);
        return typeof reading === "number" ? count(reading) : reading.then(count, fail);
      } catch (error) {
        return fail(error);
      }
    },
    close: () => stored.close(),
  };
  return input;
}

/** A file that is decompressed while it is read, from its beginning to its end. */
class CompressedInput implements OpenInput {
  readonly file: string;
  readonly start = 0;
  readonly end = Number.MAX_SAFE_INTEGER;
  bytesRead = 0;
  readonly #stored: StoredFile;
  readonly #compressed: Readable;
  readonly #decompressor: Transform;
  readonly #chunks: AsyncIterator<Uint8Array>;
  #chunk: Uint8Array = new Uint8Array(0);
  /** How many bytes of the compressed file have been read. */
  #compressedBytes = 0;

  constructor(stored: StoredFile, file: string, decompressor: Transform) {
    this.file = file;
    this.#stored = stored;
    this.#decompressor = decompressor;
    const compressed = Readable.from(this.#readCompressed(), { objectMode: false });
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
    // Nothing may be read of a file that is closed.
    this.#compressed.destroy();
    this.#decompressor.destroy();
    this.#stored.close();
  }

  async *#readCompressed(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
      const count = await this.#stored.read(chunk, 0, CHUNK_BYTES, this.#compressedBytes);
      if (count === 0) return;
      this.#compressedBytes += count;
      yield chunk.subarray(0, count);
    }
  }

  #take(target: Uint8Array, from: number): number {
    const count = Math.min(this.#chunk.length, target.length - from);
    target.set(this.#chunk.subarray(0, count), from);
    this.#chunk = this.#chunk.subarray(count);
    this.bytesRead += count;
    return count;
  }

  /** Node's zstd ends after the first frame without an error, but a file may have several. */
  #checkEnd(): void {
    const { bytesWritten } = this.#decompressor as Transform & { readonly bytesWritten?: number };
    if (!this.file.endsWith(".zst") || bytesWritten === this.#compressedBytes) return;
    throw new Error("it has more than one zstd frame, of which Node reads the first only");
  }

  async #receive(): Promise<boolean> {
    try {
      const { done, value } = await this.#chunks.next();
      if (done === true) this.#checkEnd();
      else this.#chunk = value;
      return done !== true;
    } catch (error) {
      throw inputError(this.file, error);
    }
  }
}
