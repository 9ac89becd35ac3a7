import { TextDecoder } from "node:util";
import type { InputSource } from "../../app/contract/reader.ts";

const UTF8_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const UTF16_MARKS = new Map([
  ["utf-16le", Buffer.from([0xff, 0xfe])],
  ["utf-16be", Buffer.from([0xfe, 0xff])],
]);
const CHUNK_BYTES = 64 * 1024;

/** The length of the UTF-8 byte order mark that bytes[0, filled) begins with; 0 if there is none. */
export function utf8MarkLength(bytes: Uint8Array, filled: number): number {
  return beginsWith(bytes, filled, UTF8_MARK) ? UTF8_MARK.length : 0;
}

/** The UTF-16 encoding that bytes[0, filled) begins with the byte order mark of; undefined if there is none. */
export function utf16EncodingOf(bytes: Uint8Array, filled: number): string | undefined {
  for (const [encoding, mark] of UTF16_MARKS) if (beginsWith(bytes, filled, mark)) return encoding;
  return undefined;
}

function beginsWith(bytes: Uint8Array, filled: number, mark: Buffer): boolean {
  return filled >= mark.length && mark.every((byte, at) => bytes[at] === byte);
}

/** Converts a file in UTF-16 to UTF-8 while it is read, from its beginning to its end. */
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

  /** @param begin the beginning of the file, byte order mark included, which has been read already */
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
