import { TextDecoder } from "node:util";
import type { InputSource } from "../../app/contract/reader.ts";

const UTF8_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const UTF16_MARKS = new Map([
  ["utf-16le", Buffer.from([0xff, 0xfe])],
  ["utf-16be", Buffer.from([0xfe, 0xff])],
]);
const CHUNK_BYTES = 64 * 1024;

/** The length of the UTF-8 byte order mark at the beginning of bytes[0, filled); 0 if there is none. */
export function utf8MarkLength(bytes: Uint8Array, filled: number): number {
  return beginsWith(bytes, filled, UTF8_MARK) ? UTF8_MARK.length : 0;
}

/** The encoding of the UTF-16 byte order mark at the beginning of bytes[0, filled); undefined if there is none. */
export function utf16EncodingOf(bytes: Uint8Array, filled: number): string | undefined {
  for (const [encoding, mark] of UTF16_MARKS) if (beginsWith(bytes, filled, mark)) return encoding;
  return undefined;
}

function beginsWith(bytes: Uint8Array, filled: number, mark: Buffer): boolean {
  return filled >= mark.length && mark.every((byte, at) => bytes[at] === byte);
}

/**
 * Converts a file in UTF-16 to UTF-8 while it is read, from its beginning to its end.
 *
 * @param begin the beginning of the file, including the byte order mark, which was read already
 */
export function utf16Input(source: InputSource, encoding: string, begin: Uint8Array): InputSource {
  const decoder = new TextDecoder(encoding);
  const chunk = new Uint8Array(CHUNK_BYTES);
  let position = begin.length;
  let decoded: Uint8Array = Buffer.from(decoder.decode(begin, { stream: true }));
  let isEnd = false;

  function decode(length: number): void {
    position += length;
    isEnd = length === 0;
    decoded = Buffer.from(decoder.decode(chunk.subarray(0, length), { stream: !isEnd }));
  }

  function read(target: Uint8Array, from: number): number | Promise<number> {
    for (;;) {
      const count = Math.min(decoded.length, target.length - from);
      if (count > 0 || isEnd) {
        target.set(decoded.subarray(0, count), from);
        decoded = decoded.subarray(count);
        return count;
      }
      const reading = source.read(chunk, 0, position);
      if (typeof reading !== "number") {
        return reading.then((length) => {
          decode(length);
          return read(target, from);
        });
      }
      decode(reading);
    }
  }

  return { file: source.file, start: 0, end: Number.MAX_SAFE_INTEGER, read };
}
