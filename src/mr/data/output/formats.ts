import { ByteSlice } from "../../app/contract/byte-slice.ts";
import type { Output, OutputSink } from "../../app/contract/contract.ts";
import { appendBytes, appendShortAscii, type ByteTarget } from "../../base/byte-target.ts";
import { checkJsonValue } from "../../base/json-value.ts";
import { decodeUtf8, encodeUtf8, isEncodedText } from "../../base/utf8.ts";

const SPACE = Buffer.from(" ");
const LINE_FEED = Buffer.from("\n");
const ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  "\t": "\\t",
  "\n": "\\n",
  "\r": "\\r",
};

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

/**
 * Lines `key SPACE value`, as in the lab. Strings and byte slices are written as they are, without
 * any escaping; other values as JSON.
 */
export function text(): Output<unknown> {
  return {
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
  };
}

/**
 * Lines of fields with tabs between them: the key, then the value, or each element of it if it is an
 * array. Backslash, tab, line feed and carriage return in a field are written `\\`, `\t`, `\n` and `\r`
 * (http://dataprotocols.org/linear-tsv).
 */
export function tsv(): Output<unknown> {
  return {
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
  };
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
