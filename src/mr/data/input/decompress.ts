import { Readable, type Transform } from "node:stream";
import * as zlib from "node:zlib";
import { MrError } from "../../base/errors.ts";
import type { StoredFile } from "../../storage/storage.ts";
import type { Compression } from "./compression.ts";
import { ZstdFrames } from "./zstd-frames.ts";

/** Node 22.15 brought zstd; the types of Node 20 don't know it. */
const { createZstdDecompress } = zlib as { createZstdDecompress?: () => Transform };

/** How much of a compressed file is read at a time. */
const CHUNK_BYTES = 256 * 1024;

const GZIP_FIRST_BYTE = 0x1f;

/** A decompressor counts the compressed bytes that it has used: `bytesWritten`. */
type Decompressor = Transform & { readonly bytesWritten?: number };

/** The contents of a compressed file, a chunk at a time. */
export interface Decompressed {
  /**
   * The next chunk; undefined at the end.
   *
   * @throws when the file cannot be read, is damaged, or ends early
   */
  next(): Promise<Uint8Array | undefined>;
  /** Stops reading. The file may be closed then. */
  close(): void;
}

/**
 * Decompresses a file. A gzip file may have several members, with zero padding after each, and a zstd file several
 * frames. Any other bytes after the first are an error.
 *
 * @throws MrError `INPUT_UNSUPPORTED` when this Node has no decompressor; its message is the end of a sentence
 */
export function decompress(file: StoredFile, compression: Compression): Decompressed {
  const create = decompressorOf(compression);
  const source = new CompressedBytes(file, compression);
  let compressed: Readable | undefined;
  let decompressor: Decompressor | undefined;
  let chunks = begin();

  /** Starts a decompressor, which reads at least one member or frame. */
  function begin(): AsyncIterator<Uint8Array> {
    const target: Decompressor = create();
    const bytes = Readable.from(
      source.read(() => target.bytesWritten ?? 0),
      { objectMode: false },
    );
    bytes.on("error", (error) => target.destroy(error));
    // Node 24 looks at what follows a zstd frame only after the stream has ended. It is read again, by the next one.
    target.on("error", () => undefined);
    target.on("close", () => bytes.destroy());
    compressed = bytes;
    decompressor = target;
    return bytes.pipe(target)[Symbol.asyncIterator]();
  }

  return {
    async next() {
      for (;;) {
        const { done, value } = await chunks.next();
        if (done !== true) return value;
        // It may leave bytes unread, which would be lost without another one.
        if (!(await source.beginRest(decompressor?.bytesWritten ?? 0))) return undefined;
        chunks = begin();
      }
    },
    close() {
      // First, because the stream must not read a closed file.
      compressed?.destroy();
      decompressor?.destroy();
    },
  };
}

function decompressorOf(compression: Compression): () => Decompressor {
  if (compression === "gzip") return zlib.createGunzip;
  if (createZstdDecompress !== undefined) return createZstdDecompress;
  const why = `Node ${process.version} has no zstd (22.15 has)`;
  throw new MrError("INPUT_UNSUPPORTED", why);
}

/** The bytes of a compressed file. Those that one decompressor has not used are there for the next one. */
class CompressedBytes {
  readonly #file: StoredFile;
  readonly #compression: Compression;
  readonly #frames = new ZstdFrames();
  /** Where the current decompressor began. */
  #start = 0;
  /** Chunks that it may not have used, in their order, and where they end. */
  #chunks: { readonly start: number; readonly bytes: Uint8Array }[] = [];
  #end = 0;
  /** Two decompressors may read at a time: one that ends, and the next one. */
  #reading: Promise<void> | undefined;
  #isAtEnd = false;

  constructor(file: StoredFile, compression: Compression) {
    this.#file = file;
    this.#compression = compression;
  }

  /**
   * Reads for a decompressor, to the end of the file.
   *
   * @param usedBytes how many bytes the decompressor has used
   */
  async *read(usedBytes: () => number): AsyncGenerator<Uint8Array> {
    const start = this.#start;
    for (let position = start; ; ) {
      this.#forget(start + usedBytes());
      const chunk = await this.#chunkAt(position);
      if (chunk === undefined) return;
      position += chunk.length;
      yield chunk;
    }
  }

  /**
   * Prepares for the next decompressor.
   *
   * @param usedBytes how many bytes the last one has used in all
   * @returns false at the end of the file
   */
  async beginRest(usedBytes: number): Promise<boolean> {
    this.#start += usedBytes;
    let chunk = await this.#chunkAt(this.#start);
    if (this.#compression === "gzip") {
      while (chunk?.[0] === 0) {
        const zeros = chunk.findIndex((byte) => byte !== 0);
        this.#start += zeros < 0 ? chunk.length : zeros;
        this.#forget(this.#start);
        chunk = await this.#chunkAt(this.#start);
      }
    }
    if (chunk === undefined) return false;
    if (this.#compression === "gzip" && chunk[0] !== GZIP_FIRST_BYTE) {
      throw new MrError("INPUT_MALFORMED", "other bytes follow its compressed contents");
    }
    if (usedBytes > 0) return true;
    throw new MrError("INPUT_MALFORMED", "it has bytes that cannot be decompressed");
  }

  /** Frees the chunks that end at or before `position`. */
  #forget(position: number): void {
    this.#chunks = this.#chunks.filter(({ start, bytes }) => start + bytes.length > position);
  }

  /** The bytes at `position`, up to the end of their chunk; undefined at the end of the file. */
  async #chunkAt(position: number): Promise<Uint8Array | undefined> {
    while (position >= this.#end && !this.#isAtEnd) {
      this.#reading ??= this.#readChunk();
      await this.#reading;
    }
    const found = this.#chunks.findLast(({ start }) => start <= position);
    if (found === undefined || position >= this.#end) return undefined;
    return found.bytes.subarray(position - found.start);
  }

  /** After an error, all further reads fail with it. */
  async #readChunk(): Promise<void> {
    const bytes = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    const count = await this.#file.read(bytes, 0, CHUNK_BYTES, this.#end);
    const chunk = bytes.subarray(0, count);
    if (this.#compression === "zstd") {
      this.#frames.push(chunk);
      const isCut = count === 0 && !this.#frames.isComplete;
      if (isCut) throw new MrError("INPUT_MALFORMED", "unexpected end of file");
    }
    if (count === 0) this.#isAtEnd = true;
    else this.#chunks.push({ start: this.#end, bytes: chunk });
    this.#end += count;
    this.#reading = undefined;
  }
}
