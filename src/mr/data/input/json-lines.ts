import type { ByteSlice } from "../../app/contract/byte-slice.ts";
import type { Output } from "../../app/contract/contract.ts";
import type { InputSource, Reader, ReadOptions, RecordCursor } from "../../app/contract/reader.ts";
import { MrError } from "../../base/errors.ts";
import { writeJsonLine } from "../output/formats.ts";
import { LineCursor } from "./lines.ts";

const SPACE = /[ \t\r\n]*/y;
const SCALAR =
  /"(?:[ !#-[\]-\u{10ffff}]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null/uy;
const STRING_START = /"(?:[ !#-[\]-\u{10ffff}]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/uy;

/**
 * JSON Lines (https://jsonlines.org), as input and as output.
 *
 * As `input`, the records are the values of the lines, whose type `R` is not checked; empty lines are
 * skipped. A line that is not JSON is an error that names file, line and column.
 *
 * As `output`, each line is `{"key":…,"value":…}`. A key, or a byte slice as value, that is not UTF-8 is
 * a TypeError: it could not be distinguished from others.
 */
export function jsonLines<R = unknown>(): Reader<R> & Output<unknown> {
  return {
    name: "jsonLines()",
    splitting: "bytes",
    open: openLines<R>,
    write: writeJsonLine,
  };
}

function openLines<R>(source: InputSource, options: ReadOptions): RecordCursor<R> {
  const lines = new LineCursor(source, options, "line");
  let lineNumber = 0;
  /** How many lines begin before this part; counted when the first error is described. */
  let before: number | undefined;

  const cursor = {
    skipped: 0,
    get offset() {
      return lines.offset;
    },
    next(): R | undefined {
      for (;;) {
        const line = lines.next();
        if (line === undefined) return undefined;
        lineNumber += 1;
        if (isBlank(line)) continue;
        const text = line.toString();
        try {
          return JSON.parse(text) as R;
        } catch {
          const { column, why } = jsonErrorAt(text);
          before ??= linesBefore(source);
          const number = before + lineNumber;
          const where = Number.isNaN(number)
            ? `the line at byte ${lines.offset}`
            : `line ${number}`;
          const place = `${where}, column ${column}`;
          if (!options.skipBadRecords) {
            const message = `Cannot read input "${source.file}": ${place}: ${why}`;
            throw new MrError("INPUT_MALFORMED", message);
          }
          cursor.skipped += 1;
          options.onSkipped?.(place, why);
        }
      }
    },
    load: () => lines.load(),
  };
  return cursor;
}

function isBlank(line: ByteSlice): boolean {
  const { bytes, start, end } = line;
  for (let at = start; at < end; at++) {
    const byte = bytes[at];
    if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d) return false;
  }
  return true;
}

/** How many lines begin before the part that is read; NaN if the storage can't read without waiting. */
function linesBefore(source: InputSource): number {
  const chunk = new Uint8Array(64 * 1024);
  let feeds = 0;
  let last = 10;
  // Compressed files have one part only, so nothing is read of them here.
  for (let position = 0; position < source.start; ) {
    const count = source.read(chunk, 0, position);
    if (typeof count !== "number") return Number.NaN;
    if (count === 0) break;
    const end = Math.min(count, source.start - position);
    for (let at = 0; at < end; at++) if (chunk[at] === 10) feeds += 1;
    last = chunk[end - 1] ?? last;
    position += count;
  }
  return feeds + (last === 10 ? 0 : 1);
}

interface JsonError {
  /** In UTF-16 units, from 1 on. */
  readonly column: number;
  readonly why: string;
}

/**
 * Finds the first error in a text that `JSON.parse` refused. (Its own message gives a position or not,
 * depending on the error and the version.)
 */
function jsonErrorAt(text: string): JsonError {
  /** The brackets that are open, outermost first. */
  const open: string[] = [];
  let at = 0;
  let state: "value" | "firstValue" | "firstName" | "name" | "colon" | "after" = "value";
  for (;;) {
    at = match(SPACE, text, at);
    const symbol = text[at];
    if (symbol === undefined) {
      if (state === "after" && open.length === 0) return { column: at + 1, why: "not valid JSON" };
      return { column: at + 1, why: "the line ends within the JSON value" };
    }
    const isName: boolean = state === "firstName" || state === "name";
    if (state === "after") {
      const inside = open.at(-1);
      if (symbol === "," && inside !== undefined) state = inside === "{" ? "name" : "value";
      else if (inside !== undefined && symbol === (inside === "{" ? "}" : "]")) open.pop();
      else return unexpected(text, at);
      at += 1;
    } else if (state === "colon") {
      if (symbol !== ":") return unexpected(text, at);
      at += 1;
      state = "value";
    } else if (
      (state === "firstName" && symbol === "}") ||
      (state === "firstValue" && symbol === "]")
    ) {
      open.pop();
      at += 1;
      state = "after";
    } else if (!isName && (symbol === "{" || symbol === "[")) {
      open.push(symbol);
      at += 1;
      state = symbol === "{" ? "firstName" : "firstValue";
    } else {
      const isString = symbol === '"';
      const end = isName && !isString ? at : match(SCALAR, text, at);
      if (end === at) return unexpected(text, isString ? match(STRING_START, text, at) : at);
      at = end;
      state = isName ? "colon" : "after";
    }
  }
}

function match(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

function unexpected(text: string, at: number): JsonError {
  const codePoint = text.codePointAt(at);
  if (codePoint === undefined) return { column: at + 1, why: "the line ends within a string" };
  const symbol = JSON.stringify(String.fromCodePoint(codePoint));
  return { column: at + 1, why: `unexpected ${symbol} in JSON` };
}
