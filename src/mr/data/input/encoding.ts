import { TextDecoder } from "node:util";
import type { InputSource } from "../../app/contract/reader.ts";
import { MrError } from "../../base/errors.ts";

/** The option of all readers of text. */
export interface TextOptions {
  /**
   * The encoding of the files: a label of the Encoding Standard (https://encoding.spec.whatwg.org), such as
   * `latin1`, `shift_jis` or `utf-16le`. The text is converted to UTF-8 while it is read, and files in
   * another encoding than UTF-8 are not split. A byte order mark at the beginning of a file overrides it.
   * Bytes that are not text in this encoding are an error, except in UTF-8, which is passed on as it is. Default
   * `utf-8`.
   */
  readonly encoding?: string;
}

/** The option of readers of whole files, which may be text or not. */
export interface FileOptions {
  /**
   * The same as {@link TextOptions.encoding}. With `false`, all bytes are kept as they are. So they are by default,
   * except that a file with a byte order mark of UTF-16 or UTF-32 is refused, since the app may take it for UTF-8.
   */
  readonly encoding?: string | false;
}

export const UTF8 = "utf-8";
const UTF8_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const UTF32 = "utf-32";
const MARKS: ReadonlyArray<readonly [string, Buffer]> = [
  [UTF8, UTF8_MARK],
  // Begins as that of UTF-16 does. Text in UTF-16 has no character 0.
  [UTF32, Buffer.from([0xff, 0xfe, 0, 0])],
  [UTF32, Buffer.from([0, 0, 0xfe, 0xff])],
  ["utf-16le", Buffer.from([0xff, 0xfe])],
  ["utf-16be", Buffer.from([0xfe, 0xff])],
];
/** The length of the longest byte order mark. */
export const MAX_MARK_BYTES = 4;
const CHUNK_BYTES = 64 * 1024;

/** The length of the UTF-8 byte order mark at the beginning of bytes[0, filled); 0 if there is none. */
export function utf8MarkLength(bytes: Uint8Array, filled: number): number {
  return beginsWith(bytes, filled, UTF8_MARK) ? UTF8_MARK.length : 0;
}

/**
 * The encoding of the byte order mark at the beginning of bytes[0, filled), if it is not that of UTF-8; undefined
 * if there is none. {@link decodedInput} reads UTF-16, and refuses UTF-32.
 */
export function otherEncodingOf(bytes: Uint8Array, filled: number): string | undefined {
  const encoding = markedEncoding(bytes, filled);
  return encoding === UTF8 ? undefined : encoding;
}

function markedEncoding(bytes: Uint8Array, filled: number): string | undefined {
  for (const [encoding, mark] of MARKS) if (beginsWith(bytes, filled, mark)) return encoding;
  return undefined;
}

function beginsWith(bytes: Uint8Array, filled: number, mark: Buffer): boolean {
  return filled >= mark.length && mark.every((byte, at) => bytes[at] === byte);
}

/**
 * The name of an encoding in lower case.
 *
 * @param reader the name of the reader in the error message
 * @throws TypeError for a label that is unknown
 */
function encodingOf(reader: string, label: string = UTF8): string {
  try {
    if (typeof label === "string") return new TextDecoder(label, { fatal: true }).encoding;
  } catch {
    // The error below names the option.
  }
  throw new TypeError(
    `${reader}: "encoding" takes a name such as "latin1" or "shift_jis", not ${JSON.stringify(label)}`,
  );
}

/** How a reader of text with these options splits files, and the text of a file in UTF-8. */
export interface TextInput {
  readonly encoding: string;
  readonly splitting: "bytes" | "wholeFile";
  readonly textOf: (source: InputSource) => InputSource;
}

/**
 * The input of a reader of text. In UTF-8, a byte order mark is left to the reader.
 *
 * @param reader the name of the reader in the error message
 * @throws TypeError for an encoding that is unknown
 */
export function textInput(reader: string, { encoding: label }: TextOptions): TextInput {
  const encoding = encodingOf(reader, label);
  if (encoding === UTF8) return { encoding, splitting: "bytes", textOf: (source) => source };
  return { encoding, splitting: "wholeFile", textOf: (source) => decodedInput(source, encoding) };
}

/** How a reader of whole files with {@link FileOptions} reads them. */
export interface FileInput {
  readonly isText: boolean;
  readonly textOf: (source: InputSource) => InputSource;
  /**
   * To be called with the first {@link MAX_MARK_BYTES} bytes of a file, or more, or with all that it has.
   *
   * @throws MrError when they are the byte order mark of an encoding that the reader does not convert
   */
  readonly checkBegin: (file: string, begin: Uint8Array) => void;
}

/**
 * @param reader the name of the reader in the error message
 * @param call the reader's name and its arguments before the option, such as `wholeFile(`
 * @throws TypeError for an encoding that is unknown
 */
export function fileInput(reader: string, call: string, { encoding }: FileOptions): FileInput {
  const isText = typeof encoding === "string";
  if (encoding !== undefined && encoding !== false) {
    const known = encodingOf(reader, encoding);
    return { isText, textOf: (source) => decodedInput(source, known), checkBegin: () => undefined };
  }
  const checkBegin = (file: string, begin: Uint8Array) => {
    const other = encoding === false ? undefined : otherEncodingOf(begin, begin.length);
    if (other !== undefined) throw unsupportedMark(file, other, call);
  };
  return { isText, textOf: (source) => source, checkBegin };
}

function unsupportedMark(file: string, encoding: string, call: string): MrError {
  const name = encoding === UTF32 ? "UTF-32" : "UTF-16";
  const advice =
    encoding === UTF32 ? "convert it to UTF-8 first" : `${call}{ encoding: "utf-8" }) converts it`;
  const why = `its byte order mark is that of ${name}: ${advice}; ${call}{ encoding: false }) keeps its bytes`;
  return new MrError("INPUT_UNSUPPORTED", `Cannot read input "${file}": ${why}`);
}

/**
 * Decodes the text of a whole file: UTF-16 if it begins with that byte order mark, which is removed, and
 * otherwise UTF-8 as `Buffer.toString` decodes it.
 *
 * @throws MrError when it is UTF-32, or not UTF-16 in spite of the mark
 */
export function decodeFile(file: string, bytes: Buffer): string {
  const encoding = otherEncodingOf(bytes, bytes.length);
  if (encoding === undefined) return bytes.toString("utf8");
  return new StrictDecoder(file, encoding).decode(bytes, true);
}

/**
 * Converts a file to UTF-8 while it is read, from its beginning to its end. A byte order mark is removed. Text
 * that is UTF-8 already is passed on as it is, valid or not.
 *
 * @param encoding of a file without a byte order mark, in lower case
 * @param begin the beginning of the file, which was read already: with the byte order mark if it is not empty
 */
export function decodedInput(
  source: InputSource,
  encoding: string,
  begin: Uint8Array = new Uint8Array(0),
): InputSource {
  // Whatever was read already, there is room to read more.
  const chunk = new Uint8Array(begin.length + CHUNK_BYTES);
  chunk.set(begin);
  let held = begin.length;
  let position = begin.length;
  let decoder: StrictDecoder | undefined;
  let decoded: Uint8Array = new Uint8Array(0);
  let isUtf8 = false;
  let isEnd = false;

  function decode(length: number): void {
    position += length;
    held += length;
    isEnd = length === 0;
    const isMarkKnown = isEnd || isUtf8 || decoder !== undefined || held >= MAX_MARK_BYTES;
    if (!isMarkKnown) return;
    let bytes = chunk.subarray(0, held);
    held = 0;
    if (!isUtf8 && decoder === undefined) {
      const found = markedEncoding(bytes, bytes.length) ?? encoding;
      isUtf8 = found === UTF8;
      if (isUtf8) bytes = bytes.subarray(utf8MarkLength(bytes, bytes.length));
      else decoder = new StrictDecoder(source.file, found);
    }
    decoded = decoder === undefined ? bytes : Buffer.from(decoder.decode(bytes, isEnd));
  }

  function read(target: Uint8Array, from: number): number | Promise<number> {
    for (;;) {
      const count = Math.min(decoded.length, target.length - from);
      if (count > 0 || isEnd) {
        target.set(decoded.subarray(0, count), from);
        decoded = decoded.subarray(count);
        return count;
      }
      const reading = source.read(chunk, held, position);
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

/** Decodes text piece by piece, and refuses bytes that are not text in its encoding. */
class StrictDecoder {
  readonly #file: string;
  readonly #decoder: TextDecoder;
  #position = 0;

  /** @throws MrError when there is no decoder for the encoding; it names the file */
  constructor(file: string, encoding: string) {
    this.#file = file;
    if (encoding === UTF32) {
      const why = "it is UTF-32: convert it to UTF-8 first";
      throw new MrError("INPUT_UNSUPPORTED", `Cannot read input "${file}": ${why}`);
    }
    this.#decoder = new TextDecoder(encoding, { fatal: true });
  }

  /** @throws MrError that names the file */
  decode(bytes: Uint8Array, isEnd: boolean): string {
    try {
      const text = this.#decoder.decode(bytes, { stream: !isEnd });
      this.#position += bytes.length;
      return text;
    } catch {
      const { encoding } = this.#decoder;
      const end = this.#position + bytes.length;
      const why = `it is not ${encoding.toUpperCase()} between bytes ${this.#position} and ${end}`;
      throw new MrError("INPUT_MALFORMED", `Cannot read input "${this.#file}": ${why}`);
    }
  }
}
