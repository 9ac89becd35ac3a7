import { TextDecoder } from "node:util";
import type { InputSource } from "../../app/contract/reader.ts";

const CHUNK_BYTES = 64 * 1024;

/** A file in UTF-16, read as if it were in UTF-8, from its beginning to its end. */
export class Utf16Input implements InputSource {
  readonly file: string;
  readonly start = 0;
  readonly end = Number.MAX_SAFE_INTEGER;
  readonly #source: InputSource;
  readonly #decoder: TextDecoder;
  readonly #chunk = new Uint8Array(CHUNK_BYTES);
  #position = 0;
  #decoded: Uint8Array;
  #isEnd = false;

  /** @param begin what has been read of the file so far, its byte order mark included */
  constructor(source: InputSource, encoding: string, begin: Uint8Array) {
    this.file = source.file;
    this.#source = source;
    this.#decoder = new TextDecoder(encoding);
    this.#position = begin.length;
    this.#decoded = Buffer.from(this.#decoder.decode(begin, { stream: true }));
  }

  read(target: Uint8Array, from: number): number | Promise<number> {
    for (;;) {
      const count = Math.min(this.#decoded.length, target.length - from);
      if (count > 0 || this.#isEnd) {
        target.set(this.#decoded.subarray(0, count), from);
        this.#decoded = this.#decoded.subarray(count);
        return count;
      }
      const reading = this.#source.read(this.#chunk, 0, this.#position);
      if (typeof reading !== "number") {
        return reading.then((length) => {
          this.#decode(length);
          return this.read(target, from);
        });
      }
      this.#decode(reading);
    }
  }

  #decode(length: number): void {
    this.#position += length;
    this.#isEnd = length === 0;
    const chunk = this.#chunk.subarray(0, length);
    this.#decoded = Buffer.from(this.#decoder.decode(chunk, { stream: !this.#isEnd }));
  }
}
