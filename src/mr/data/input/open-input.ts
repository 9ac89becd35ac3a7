import { Readable, type Transform } from "node:stream";
import * as zlib from "node:zlib";
import type { InputSource } from "../../app/contract/reader.ts";
import { errorCode, inputError, MrError } from "../../base/errors.ts";
import type { Split } from "../../job/split.ts";
import type { StorageFor, StoredFile } from "../../storage/storage.ts";

export interface OpenInput extends InputSource {
  /** How many bytes of the (uncompressed) file have been read so far. */
  readonly bytesRead: number;
  close(): void;
}

/** Node 22.15 brought zstd; the types of Node 20 don't know it. */
const { createZstdDecompress } = zlib as { createZstdDecompress?: () => Transform };

/** How much of a compressed file is read at a time. */
const CHUNK_BYTES = 256 * 1024;

/** Whether a file of this name is compressed, and so can't be split. */
export function isCompressedName(file: string): boolean {
  return /\.(gz|zst)$/.test(file);
}

/**
 * Opens the input of a map task.
 *
 * @param split the part to read; a compressed file is always read whole
 * @throws MrError when it cannot be opened, is a directory, or can't be decompressed by this Node
 */
export async function openInput(
  storageFor: StorageFor,
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
  const stored = await openStored(storageFor, directory, file);
  if (!isCompressedName(file)) return plainInput(stored, split);
  const create = isZstd && createZstdDecompress ? createZstdDecompress : zlib.createGunzip;
  return compressedInput(stored, file, create());
}

/** @throws MrError */
export async function openStored(
  storageFor: StorageFor,
  directory: string,
  file: string,
): Promise<StoredFile> {
  try {
    const storage = storageFor(file);
    return await storage.open(storage.resolve(directory, file));
  } catch (error) {
    const isDirectory = errorCode(error) === "EISDIR";
    throw inputError(file, isDirectory ? new Error("it is a directory") : error);
  }
}

/** The error of a record, such as a `line`, that begins at byte `offset` and is longer than `limit` bytes. */
export function recordTooLong(what: string, file: string, offset: number, limit: number): MrError {
  return new MrError(
    "INPUT_TOO_LARGE",
    `Cannot read input "${file}": the ${what} at byte ${offset} is longer than ${limit} bytes`,
  );
}

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

function compressedInput(stored: StoredFile, file: string, decompressor: Transform): OpenInput {
  let chunk: Uint8Array = new Uint8Array(0);
  let compressedBytes = 0;

  async function* readCompressed(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const bytes = Buffer.allocUnsafeSlow(CHUNK_BYTES);
      const count = await stored.read(bytes, 0, CHUNK_BYTES, compressedBytes);
      if (count === 0) return;
      compressedBytes += count;
      yield bytes.subarray(0, count);
    }
  }

  const compressed = Readable.from(readCompressed(), { objectMode: false });
  compressed.on("error", (error) => decompressor.destroy(error));
  decompressor.on("close", () => compressed.destroy());
  const chunks: AsyncIterator<Uint8Array> = compressed.pipe(decompressor)[Symbol.asyncIterator]();

  async function receive(): Promise<void> {
    try {
      const { done, value } = await chunks.next();
      if (done !== true) chunk = value;
      else if (file.endsWith(".zst")) checkEnd(decompressor, compressedBytes);
    } catch (error) {
      throw inputError(file, error);
    }
  }

  const input = {
    file,
    start: 0,
    end: Number.MAX_SAFE_INTEGER,
    bytesRead: 0,
    read(target: Uint8Array, from: number): number | Promise<number> {
      return chunk.length > 0 ? take(target, from) : receive().then(() => take(target, from));
    },
    close(): void {
      // First, because the stream must not read a closed file.
      compressed.destroy();
      decompressor.destroy();
      stored.close();
    },
  };
  return input;

  function take(target: Uint8Array, from: number): number {
    const count = Math.min(chunk.length, target.length - from);
    target.set(chunk.subarray(0, count), from);
    chunk = chunk.subarray(count);
    input.bytesRead += count;
    return count;
  }
}

/** Node's zstd ends after the first frame without an error, but a file may have several. */
function checkEnd(decompressor: Transform & { bytesWritten?: number }, bytes: number): void {
  if (decompressor.bytesWritten === bytes) return;
  const why = "it has more than one zstd frame, of which Node reads the first only";
  throw new MrError("INPUT_UNSUPPORTED", why);
}
