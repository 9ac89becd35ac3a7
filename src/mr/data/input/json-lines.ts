import type { ByteSlice } from "../../app/contract/byte-slice.ts";
import type { Output } from "../../app/contract/contract.ts";
import type { InputSource, Reader, ReadOptions, RecordCursor } from "../../app/contract/reader.ts";
import { MrError } from "../../base/errors.ts";
import { decodeUtf8, invalidUtf8At } from "../../base/utf8.ts";
import { shippedFormat, writeJsonLine } from "../output/formats.ts";
import { type TextOptions, textInput } from "./encoding.ts";
import { type JsonError, jsonErrorAt } from "./json-error.ts";
import { inexactNumbers, mayHaveInexactNumbers } from "./json-numbers.ts";
import { LineCursor } from "./lines.ts";

/** Lines before a part are counted if it begins before this, or after as many parts of its length. */
const NEAR_BYTES = 64 * 1024;
const NEAR_PARTS = 4;
/** How much of a long number a message shows. */
const MAX_SHOWN_DIGITS = 40;

/**
 * JSON Lines (https://jsonlines.org), as input and as output.
 *
 * As `input`, the records are the values of the lines, whose type `R` is not checked; empty lines are
 * skipped. A line that is not JSON, or not UTF-8, is an error that names file, line and column. So is one with
 * a number that a double can't stand for, unless `inexactNumbers` says what it becomes.
 *
 * As `output`, each line is `{"key":…,"value":…}`. A key, or a byte slice as value, that is not UTF-8 is
 * a TypeError: it could not be distinguished from others.
 *
 * @throws TypeError for options that have no meaning
 */
export function jsonLines<R = unknown>(
  options: JsonLinesOptions = {},
): Reader<R> & Output<unknown> {
  const { splitting, textOf } = textInput("jsonLines", options);
  const { inexactNumbers: inexact = "refuse" } = options;
  if (!["refuse", "text", "round"].includes(inexact)) {
    const given = JSON.stringify(inexact);
    throw new TypeError(`jsonLines: "inexactNumbers" is "refuse", "text" or "round", not ${given}`);
  }
  return shippedFormat({
    name: "jsonLines()",
    splitting,
    open: (source, readOptions) => openLines<R>(textOf(source), readOptions, inexact),
    write: writeJsonLine,
  });
}

/** How JSON Lines are read. */
export interface JsonLinesOptions extends TextOptions {
  /**
   * What a number becomes that a double can't stand for: a number from 2^53 on whose digits would change, such as
   * 9007199254740993 or 9.007199254740993e15; a smaller one that is not its double rounded to as many significant
   * digits, at most 17, such as 1700000000.1234568; or one that would become infinite or 0, such as 1e400. `refuse`: the line is malformed. `text`: a string of its characters. `round`: the number that `JSON.parse` makes of it.
   * Default `refuse`.
   */
  readonly inexactNumbers?: "refuse" | "text" | "round";
}

type InexactNumbers = NonNullable<JsonLinesOptions["inexactNumbers"]>;

function openLines<R>(
  source: InputSource,
  options: ReadOptions,
  inexact: InexactNumbers,
): RecordCursor<R> {
  const lines = new LineCursor(source, options, "line");
  let lineNumber = 0;
  /** How many lines begin before this part; counted when the first error is described. */
  let before: number | undefined;

  /** @throws MrError unless malformed lines are skipped */
  function skipLine({ column, why }: JsonError): void {
    before ??= options.skipBadRecords && isFar(source) ? Number.NaN : linesBefore(source);
    const number = before + lineNumber;
    const where = Number.isNaN(number) ? `the line at byte ${lines.offset}` : `line ${number}`;
    const place = `${where}, column ${column}`;
    if (!options.skipBadRecords) {
      const message = `Cannot read input "${source.file}": ${place}: ${why}`;
      throw new MrError("INPUT_MALFORMED", message);
    }
    cursor.skipped += 1;
    options.onSkipped?.(place, why);
  }

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
        const text = decodeUtf8(line.bytes, line.start, line.end, "checked");
        let value: unknown;
        let error: JsonError | undefined;
        try {
          value = JSON.parse(text);
          error = inexact === "round" ? undefined : inexactNumberIn(line, text);
          if (error !== undefined && inexact === "text") {
            value = JSON.parse(quoteInexactNumbers(text));
            error = undefined;
          }
        } catch {
          error = jsonErrorAt(text);
        }
        if (text.includes("\uFFFD")) error = encodingErrorIn(line) ?? error;
        if (error === undefined) return value as R;
        skipLine(error);
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

/**
 * Whether there is so much before the part that it is not worth reading for the numbers of lines that are skipped:
 * each part of a large file may have such lines.
 */
function isFar({ start, end }: InputSource): boolean {
  return start > Math.max(NEAR_BYTES, NEAR_PARTS * (end - start));
}

/** How many lines begin before the part that is read; NaN if the storage can't read without waiting. */
function linesBefore(source: InputSource): number {
  const chunk = new Uint8Array(64 * 1024);
  let feeds = 0;
  let last = 10;
  // Compressed files have one part only, so nothing is read of them here.
  for (let position = 0; position < source.start; ) {
    const rest = Math.min(chunk.length, source.start - position);
    const count = source.read(chunk.subarray(0, rest), 0, position);
    if (typeof count !== "number") return Number.NaN;
    if (count === 0) break;
    for (let at = 0; at < count; at++) if (chunk[at] === 10) feeds += 1;
    last = chunk[count - 1] ?? last;
    position += count;
  }
  return feeds + (last === 10 ? 0 : 1);
}

function inexactNumberIn({ bytes, start, end }: ByteSlice, text: string): JsonError | undefined {
  if (!mayHaveInexactNumbers(bytes, start, end)) return undefined;
  const [first] = inexactNumbers(text);
  if (first === undefined) return undefined;
  const number = text.slice(first.start, Math.min(first.end, first.start + MAX_SHOWN_DIGITS));
  const dots = first.end - first.start > MAX_SHOWN_DIGITS ? "…" : "";
  const why =
    `the number ${number}${dots} is not exact as a double, which has 53 bits ` +
    "(jsonLines({ inexactNumbers }) reads it)";
  return { column: first.start + 1, why };
}

/** The text with quotes around each number that a double can't stand for. */
function quoteInexactNumbers(text: string): string {
  const parts: string[] = [];
  let from = 0;
  for (const { start, end } of inexactNumbers(text)) {
    parts.push(text.slice(from, start), '"', text.slice(start, end), '"');
    from = end;
  }
  return parts.join("") + text.slice(from);
}

function encodingErrorIn(line: ByteSlice): JsonError | undefined {
  const bytes = line.view();
  const at = invalidUtf8At(bytes);
  if (at < 0) return undefined;
  const byte = (bytes[at] ?? 0).toString(16);
  const why = `the byte 0x${byte} is not UTF-8 (jsonLines({ encoding }) reads other encodings)`;
  return { column: bytes.toString("utf8", 0, at).length + 1, why };
}
