import { ByteSlice } from "../../app/contract/byte-slice.ts";
import {
  appendBytes,
  appendShortAscii,
  ByteBuffer,
  type ByteTarget,
} from "../../base/byte-target.ts";
import { copyPlainBytes } from "../../base/copy-bytes.ts";
import { checkJsonValue } from "../../base/json-value.ts";
import { decodeUtf8, encodeUtf8, isEncodedText, noteGivenBytes } from "../../base/utf8.ts";

/**
 * Keys and values as JSON texts; the grammar is in docs/formats.md. ASCII without escapes, by far the most
 * common case, is copied as it is.
 */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Strings longer than this are left to the engine. */
const LOOP_UNITS = 64;

/** 1 for the bytes that stand for themselves in a JSON string: printable ASCII but `"` and `\`. */
const IS_PLAIN = new Uint8Array(256).map((_, byte) => {
  return byte >= 0x20 && byte < 0x7f && byte !== QUOTE && byte !== BACKSLASH ? 1 : 0;
});

/**
 * Appends the JSON text of a value.
 *
 * @returns whether it is a byte slice, which the text does not tell
 * @throws TypeError when JSON can't carry it, before anything is appended
 */
export function encodeValue(value: unknown, target: ByteTarget): boolean {
  if (typeof value === "string") {
    encodeString(value, target);
    return false;
  }
  if (value instanceof ByteSlice) {
    encodeBytes(value.bytes, value.start, value.end, target);
    return true;
  }
  if (typeof value === "number" && value >= 0 && value === (value | 0)) {
    appendDigits(value, target);
    return false;
  }
  checkJsonValue(value);
  appendText(JSON.stringify(value), target);
  return false;
}

/** Appends a whole number in decimal digits. */
export function encodeInteger(value: number, target: ByteTarget): void {
  if (value >= 0 && value === (value | 0)) appendDigits(value, target);
  else appendText(String(value), target);
}

/** Appends a whole number from 0 to 2³¹ − 1. */
function appendDigits(value: number, target: ByteTarget): void {
  let digits = 1;
  for (let rest = value; rest >= 10; rest = (rest / 10) | 0) digits += 1;
  target.ensure(digits);
  const { view, length } = target;
  let rest = value;
  for (let at = length + digits - 1; at >= length; at--) {
    const tenth = (rest / 10) | 0;
    view.setUint8(at, 0x30 + rest - 10 * tenth);
    rest = tenth;
  }
  target.length = length + digits;
}

export function encodeString(text: string, target: ByteTarget): void {
  const { length } = text;
  if (length <= LOOP_UNITS) {
    target.ensure(length + 2);
    const { bytes } = target;
    let at = target.length;
    bytes[at++] = QUOTE;
    let i = 0;
    for (; i < length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 0x7e || IS_PLAIN[unit] === 0) break;
      bytes[at++] = unit;
    }
    if (i === length) {
      bytes[at++] = QUOTE;
      target.length = at;
      return;
    }
  }
  appendText(JSON.stringify(text), target);
}

/** Appends bytes as a string in quotes, or as `{"base64":"…"}` when they are not UTF-8. */
export function encodeBytes(
  source: Uint8Array,
  start: number,
  end: number,
  target: ByteTarget,
): void {
  // Every byte may need an escape.
  target.ensure(2 * (end - start) + 2);
  const { view, length: begin } = target;
  let to = begin;
  view.setUint8(to++, QUOTE);
  for (let at = start; ; ) {
    const copied = copyPlainBytes(view, to, source, at, end);
    at += copied;
    to += copied;
    if (at === end) break;
    const byte = source[at++] ?? 0;
    if (byte !== QUOTE && byte !== BACKSLASH) {
      const all = source.subarray(start, end);
      if (isEncodedText(all))
        appendText(JSON.stringify(decodeUtf8(all, 0, all.length, "checked")), target);
      else appendText(`{"base64":"${Buffer.from(all).toString("base64")}"}`, target);
      return;
    }
    view.setUint8(to++, BACKSLASH);
    view.setUint8(to++, byte);
  }
  view.setUint8(to++, QUOTE);
  target.length = to;
}

/** JSON texts are well-formed, since lone surrogates are escaped. */
function appendText(text: string, target: ByteTarget): void {
  if (appendShortAscii(target, text)) return;
  const count = Buffer.byteLength(text);
  target.ensure(count);
  target.length += target.bytes.write(text, target.length);
}

export function decodeValue(bytes: Buffer, start: number, end: number): unknown {
  const byte = bytes[start] ?? 0;
  if (byte === QUOTE) {
    const text = decodeUtf8(bytes, start + 1, end - 1, "checked");
    if (!text.includes("\\")) return text;
  }
  const number = decodeInteger(bytes, start, end);
  if (number >= 0) return number;
  return JSON.parse(bytes.toString("utf8", start, end));
}

/** The number of a text of up to 15 digits; −1 for any other text. */
export function decodeInteger(bytes: Uint8Array, start: number, end: number): number {
  if (end - start > 15 || end === start) return -1;
  let number = 0;
  for (let at = start; at < end; at++) {
    const digit = (bytes[at] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    number = number * 10 + digit;
  }
  return number;
}

/**
 * Decodes a string, or `{"base64":"…"}`, into bytes[0, length) of `target`.
 *
 * @returns whether it is a string, so that the bytes are UTF-8
 * @throws SyntaxError for others
 */
export function decodeBytesInto(
  text: Buffer,
  start: number,
  end: number,
  target: ByteBuffer,
): boolean {
  target.length = 0;
  target.ensure(end - start);
  if (text[start] === QUOTE && unescapeSimple(text, start + 1, end - 1, target)) return true;
  const value: unknown = JSON.parse(text.toString("utf8", start, end));
  let decoded: Uint8Array;
  if (typeof value === "string") decoded = encodeUtf8(value);
  else {
    const { base64 } = (value ?? {}) as { readonly base64?: unknown };
    if (typeof base64 !== "string") throw new SyntaxError("neither a string nor bytes");
    decoded = Buffer.from(base64, "base64");
  }
  target.length = 0;
  appendBytes(target, decoded, 0, decoded.length);
  return typeof value === "string";
}

/** Decodes a string in which only quotes and backslashes are escaped; false for any other. */
function unescapeSimple(text: Buffer, start: number, end: number, target: ByteBuffer): boolean {
  const { bytes } = target;
  let length = 0;
  for (let at = start; at < end; at++) {
    let byte = text[at] ?? 0;
    if (byte === BACKSLASH) {
      byte = text[++at] ?? 0;
      if (byte !== QUOTE && byte !== BACKSLASH) return false;
    }
    bytes[length++] = byte;
  }
  target.length = length;
  return true;
}

/** Decodes a JSON text that may encode a byte slice, as {@link encodeValue} has returned. */
export function decodeStored(bytes: Buffer, start: number, end: number, isBytes: boolean): unknown {
  if (!isBytes) return decodeValue(bytes, start, end);
  const target = new ByteBuffer(end - start);
  decodeBytesInto(bytes, start, end, target);
  const { bytes: decoded, length } = target;
  return new ByteSlice(decoded, 0, length);
}

/** Does the same as {@link decodeStored} with one byte slice that is reused. */
export class ValueDecoder {
  readonly #slice = new ByteSlice(new Uint8Array(0));
  readonly #decoded = new ByteBuffer(256);

  /** @param isPlain whether the text is a string without escapes */
  decode(bytes: Buffer, start: number, end: number, isBytes: boolean, isPlain: boolean): unknown {
    if (!isBytes) return decodeValue(bytes, start, end);
    const slice = this.#slice;
    if (isPlain) {
      slice.bytes = bytes;
      slice.start = start + 1;
      slice.end = end - 1;
    } else {
      const decoded = this.#decoded;
      const isText = decodeBytesInto(bytes, start, end, decoded);
      if (!isText) noteGivenBytes(decoded.bytes.subarray(0, decoded.length));
      slice.bytes = decoded.bytes;
      slice.start = 0;
      slice.end = decoded.length;
    }
    return slice;
  }
}
