import { ByteSlice } from "../../app/contract/byte-slice.ts";
import type { Output, OutputSink } from "../../app/contract/contract.ts";
import { appendBytes, appendShortAscii, type ByteTarget } from "../../base/byte-target.ts";
import { checkJsonValue } from "../../base/json-value.ts";
import { decodeUtf8, encodeUtf8, isEncodedText } from "../../base/utf8.ts";

const SPACE = Buffer.from(" ");
const LINE_FEED = Buffer.from("\n");
const LINE_FEED_BYTE = 0x0a;
const ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  "\t": "\\t",
  "\n": "\\n",
  "\r": "\\r",
};

/** The formats of this package, which keep to the contract of {@link Output}. */
const SHIPPED = new WeakSet<object>();

/** Marks a format of this package: tasks write it without the checks of {@link writeOutput}. */
export function shippedFormat<F extends Output<unknown>>(format: F): F {
  SHIPPED.add(format);
  return format;
}

export function isShippedFormat(format: Output<unknown>): boolean {
  return SHIPPED.has(format);
}

/** A sink that refuses wrong arguments, and knows whether a line has begun. */
export interface CheckedSink extends OutputSink {
  /** Whether nothing follows the last line feed. */
  readonly isAtLineStart: boolean;
}

export class LineSink implements OutputSink {
  readonly #target: ByteTarget;

  constructor(target: ByteTarget) {
    this.#target = target;
  }

  bytes(bytes: Uint8Array, start: number, end: number): void {
    appendBytes(this.#target, bytes, start, end);
  }

  text(text: string): void {
    const target = this.#target;
    if (appendShortAscii(target, text)) return;
    const encoded = encodeUtf8(text);
    appendBytes(target, encoded, 0, encoded.length);
  }
}

/** A sink for the format of an app. */
export class CheckedLineSink extends LineSink implements CheckedSink {
  readonly #target: ByteTarget;

  constructor(target: ByteTarget) {
    super(target);
    this.#target = target;
  }

  get isAtLineStart(): boolean {
    const { bytes, length } = this.#target;
    // A target is empty at its beginning, and when it has written out what it had.
    return length === 0 || bytes[length - 1] === LINE_FEED_BYTE;
  }

  override bytes(bytes: Uint8Array, start: number, end: number): void {
    checkPart(bytes, start, end);
    super.bytes(bytes, start, end);
  }

  override text(text: string): void {
    checkText(text);
    super.text(text);
  }
}

/** @throws TypeError for an argument of `OutputSink.bytes` that types would refuse, RangeError for bytes that are not there */
export function checkPart(bytes: Uint8Array, start: number, end: number): void {
  if (start >= 0 && start <= end && end <= bytes.length) return;
  if (typeof start !== "number" || typeof end !== "number" || !(bytes instanceof Uint8Array)) {
    throw new TypeError(
      "bytes() of an output format's sink takes a Uint8Array, a start and an end",
    );
  }
  throw new RangeError(`the bytes from ${start} to ${end} are not in an array of ${bytes.length}`);
}

/** @throws TypeError for an argument of `OutputSink.text` that types would refuse */
export function checkText(text: unknown): void {
  if (typeof text === "string") return;
  const given = text === null ? "null" : `a value of type ${typeof text}`;
  throw new TypeError(`text() of an output format's sink takes a string, not ${given}`);
}

/**
 * Writes one output of `reduce`.
 *
 * @throws TypeError when the format can't write it, writes a part of a line only, or has not ended when it returns
 */
export function writeOutput(
  output: Output<unknown>,
  key: ByteSlice,
  value: unknown,
  sink: CheckedSink,
): void {
  // An app without types may return anything.
  const result: unknown = output.write(key, value, sink);
  if (result !== undefined && isPromise(result)) {
    // What it throws later is not of interest any more.
    result.then(undefined, () => undefined);
    throw new TypeError(`write of the output format${named(output)} returned a promise`);
  }
  if (!sink.isAtLineStart) {
    throw new TypeError(
      `the output format${named(output)} wrote no line feed at the end of a line`,
    );
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    "then" in value &&
    typeof value.then === "function"
  );
}

function named({ name }: Output<unknown>): string {
  // An app without types may leave it out.
  return typeof name === "string" ? ` ${name}` : "";
}

/**
 * Lines `key SPACE value`, as in the lab. Strings and byte slices are written as they are, without
 * any escaping; other values as JSON.
 */
export function text(): Output<unknown> {
  return shippedFormat({
    name: "text()",
    write(key, value, sink) {
      sink.bytes(key.bytes, key.start, key.end);
      if (typeof value === "number" && Number.isFinite(value)) {
        sink.text(` ${value}\n`);
        return;
      }
      sink.bytes(SPACE, 0, 1);
      if (value instanceof ByteSlice) sink.bytes(value.bytes, value.start, value.end);
      else if (typeof value === "string") sink.text(value);
      else {
        checkJsonValue(value);
        sink.text(JSON.stringify(value));
      }
      sink.bytes(LINE_FEED, 0, 1);
    },
  });
}

/**
 * Lines of fields with tabs between them: the key, then the value, or each element of it if it is an
 * array. Backslash, tab, line feed and carriage return in a field are written `\\`, `\t`, `\n` and `\r`
 * (http://dataprotocols.org/linear-tsv).
 */
export function tsv(): Output<unknown> {
  return shippedFormat({
    name: "tsv()",
    write(key, value, sink) {
      writeField(key, sink);
      if (Array.isArray(value)) {
        for (let index = 0; index < value.length; index++) {
          writeValue(value[index], `[${index}]`, sink);
        }
      } else writeValue(value, "", sink);
      sink.text("\n");
    },
  });
}

/** Escapes bytes, because a key need not be UTF-8. */
function writeField({ bytes, start, end }: ByteSlice, sink: OutputSink): void {
  let from = start;
  for (let at = start; at < end; at++) {
    const escaped = ESCAPES[String.fromCharCode(bytes[at] ?? 0)];
    if (escaped === undefined) continue;
    sink.bytes(bytes, from, at);
    sink.text(escaped);
    from = at + 1;
  }
  sink.bytes(bytes, from, end);
}

/** @param path where the field is in the value */
function writeValue(field: unknown, path: string, sink: OutputSink): void {
  sink.text("\t");
  if (field instanceof ByteSlice) writeField(field, sink);
  else if (typeof field === "string") sink.text(escapeField(field));
  else {
    checkJsonValue(field, path);
    sink.text(escapeField(JSON.stringify(field)));
  }
}

function escapeField(field: string): string {
  return field.replace(/[\\\t\n\r]/g, (symbol) => ESCAPES[symbol] ?? symbol);
}

/**
 * Writes `{"key":…,"value":…}` and a line feed.
 *
 * @throws TypeError for a value that JSON can't carry, and for a key or a byte slice that is not UTF-8:
 *   several of them would become the same text with U+FFFD
 */
export function writeJsonLine(key: ByteSlice, value: unknown, sink: OutputSink): void {
  const plain = value instanceof ByteSlice ? textOf(value, "value") : value;
  checkJsonValue(plain);
  sink.text(`{"key":${JSON.stringify(textOf(key, "key"))},"value":${JSON.stringify(plain)}}\n`);
}

function textOf(slice: ByteSlice, what: string): string {
  const text = decodeUtf8(slice.bytes, slice.start, slice.end, "checked");
  if (!text.includes("\uFFFD") || isEncodedText(slice.view())) return text;
  const bytes = slice.view().toString("hex", 0, 32);
  throw new TypeError(
    `the ${what} is no UTF-8 (bytes ${bytes} in hexadecimal), which JSON can't carry`,
  );
}
