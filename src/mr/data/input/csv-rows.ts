import type { InputSource } from "../../app/contract/reader.ts";
import { decodeUtf8, invalidUtf8At } from "../../base/utf8.ts";
import type { CsvScanner, RowFault } from "./csv-scanner.ts";
import { decodedInput, MAX_MARK_BYTES, otherEncodingOf, utf8MarkLength } from "./encoding.ts";

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const BLOCK_BYTES = 256 * 1024;
/** How many bytes are read of a row that goes on beyond the part, at first: rows are short. */
const BEYOND_BYTES = 4096;

export interface CsvFault {
  /** In UTF-16 units of the line, from 1 on. */
  readonly column: number;
  readonly line: number;
  readonly why: string;
}

/** Steps through the rows of a CSV file, without the empty ones. */
export class CsvRows {
  /** Where the current row begins, in bytes and as the number of its line, from 1. */
  offset = -1;
  line = 0;
  /** The fields of the current row; none if it is damaged. */
  fields: readonly string[] = [];
  fault: CsvFault | undefined;
  #end: number;
  readonly #scanner: CsvScanner;
  #source: InputSource;
  #buffer = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  #filled = 0;
  #loadedBytes = this.#buffer.subarray(0, 0);
  /** Offset in the file of the first byte in the buffer. */
  #base: number;
  /**
   * Where in the buffer the next row begins, and in which line of the file. A damaged row whose first line
   * has not ended yet may begin before the buffer, since its bytes are not needed.
   */
  #row = 0;
  nextLine: number;
  /** The fault of the next row, if its faulty bytes are no longer in the buffer. */
  #nextFault: CsvFault | undefined;
  #isEnd = false;
  #isBegun = false;
  /** Whether the file is in another encoding, by its byte order mark: offsets are those of its text in UTF-8. */
  isConverted = false;

  /**
   * @param start where the first row begins, in bytes, in line `line`
   */
  constructor(source: InputSource, scanner: CsvScanner, start: number, end: number, line: number) {
    this.#source = source;
    this.#scanner = scanner;
    this.#base = start;
    this.#end = end;
    this.nextLine = line;
  }

  /** Where the next row begins, in bytes. */
  get nextOffset(): number {
    return this.#base + this.#row;
  }

  /** Moves to the next loaded row; false when {@link load} must be called. */
  next(): boolean {
    const scanner = this.#scanner;
    for (;;) {
      if (!this.#isBegun || this.#base + this.#row >= this.#end) return false;
      const limit = this.#isEnd ? this.#filled : this.#filled - scanner.lookahead;
      scanner.scan(this.#loadedBytes, this.#row + scanner.length, limit);
      if (this.#isEnd) scanner.finish();
      if (scanner.outcome === "open" || scanner.length === 0) return false;
      const isGiven = scanner.contentLength > 0 || scanner.outcome === "damaged";
      if (isGiven) this.#take();
      this.#row += scanner.length;
      this.nextLine += scanner.lines;
      scanner.begin();
      if (isGiven) return true;
    }
  }

  load(): boolean | Promise<boolean> {
    const isOver =
      this.#base + this.#row >= this.#end || (this.#isEnd && this.#row >= this.#filled);
    if (this.#isBegun && isOver) return false;
    this.#makeRoom();
    const position = this.#base + this.#filled;
    // Parts end where rows do. A row that goes on nevertheless is read in pieces that double.
    const rest = this.#end + Math.max(this.#scanner.lookahead, MAX_MARK_BYTES) - position;
    const wanted = rest > 0 ? rest : Math.max(BEYOND_BYTES, this.#filled);
    const room = this.#buffer.subarray(0, this.#filled + wanted);
    const reading = this.#source.read(room, this.#filled, position);
    if (typeof reading !== "number") return reading.then((count) => this.#loaded(count));
    return this.#loaded(reading);
  }

  #loaded(count: number): boolean | Promise<boolean> {
    this.#filled += count;
    this.#loadedBytes = this.#buffer.subarray(0, this.#filled);
    if (count === 0) this.#isEnd = true;
    if (this.#isBegun) return true;
    // A byte order mark may be read in pieces.
    if (!this.#isEnd && this.#filled < MAX_MARK_BYTES) return this.load();
    this.#isBegun = true;
    if (this.#base > 0) return true;
    const begin = this.#loadedBytes;
    const encoding = otherEncodingOf(begin, begin.length);
    if (encoding === undefined) {
      this.#row = utf8MarkLength(begin, begin.length);
      return true;
    }
    this.isConverted = true;
    this.#source = decodedInput(this.#source, encoding, Uint8Array.from(begin));
    this.#end = Number.MAX_SAFE_INTEGER;
    this.#filled = 0;
    this.#isEnd = false;
    return this.load();
  }

  #makeRoom(): void {
    const { outcome, fault, length, lookahead, maxRowBytes } = this.#scanner;
    let from = this.#row;
    if (outcome === "open" && fault !== undefined) {
      this.#nextFault ??= this.#describe(fault);
      from += length;
    }
    const rest = this.#filled - from;
    const isFull = this.#buffer.length - rest < BLOCK_BYTES / 2;
    // A longer row counts as damaged and need not be kept, so there is always room for a block.
    const enough = maxRowBytes + 2 * lookahead + 2 * BLOCK_BYTES;
    const target = isFull
      ? Buffer.allocUnsafeSlow(Math.min(2 * this.#buffer.length, enough))
      : this.#buffer;
    if (isFull || from > 0) this.#buffer.copy(target, 0, from, this.#filled);
    this.#buffer = target;
    this.#base += from;
    this.#filled = rest;
    this.#row -= from;
  }

  #take(): void {
    const { contentLength, hasQuotes, fault, delimiter, quote } = this.#scanner;
    const start = this.#row;
    this.offset = this.#base + start;
    this.line = this.nextLine;
    this.fields = [];
    this.fault = fault === undefined ? undefined : (this.#nextFault ?? this.#describe(fault));
    this.#nextFault = undefined;
    if (fault !== undefined) return;
    const text = decodeUtf8(this.#buffer, start, start + contentLength, "checked");
    if (text.includes("\uFFFD")) {
      const at = invalidUtf8At(this.#buffer.subarray(start, start + contentLength));
      if (at >= 0) {
        this.fault = this.#describe({ kind: "notUtf8", at });
        return;
      }
    }
    this.fields = hasQuotes ? unquoted(text, delimiter, quote) : text.split(delimiter);
  }

  /** Describes a fault of the next row. The buffer must hold the row up to the fault. */
  #describe({ kind, at }: RowFault | { readonly kind: "notUtf8"; readonly at: number }): CsvFault {
    let line = this.nextLine;
    let begin = this.#row;
    const end = this.#row + at;
    for (let i = begin; i < end; i++) {
      const isReturn = this.#buffer[i] === CARRIAGE_RETURN;
      if (!isReturn && this.#buffer[i] !== LINE_FEED) continue;
      if (isReturn && i + 1 < end && this.#buffer[i + 1] === LINE_FEED) continue;
      line += 1;
      begin = i + 1;
    }
    const column = this.#buffer.toString("utf8", begin, end).length + 1;
    const byte = (this.#buffer[end] ?? 0).toString(16);
    const why =
      kind === "notUtf8"
        ? `the byte 0x${byte} is not UTF-8 (csv({ encoding }) reads other encodings)`
        : FAULTS[kind](this.#scanner.maxRowBytes);
    const row = line === this.nextLine ? "" : `, in the row that begins in line ${this.nextLine}`;
    return { line, column, why: why + row };
  }
}

const FAULTS: Readonly<Record<RowFault["kind"], (maxRowBytes: number) => string>> = {
  quoteInField: () => "there is a quote in a field that does not begin with one",
  textAfterQuote: () => "there is something between a closing quote and the end of the field",
  quoteNotClosed: () => "this quote is not closed",
  quoteTooLong: (maxRowBytes) =>
    `this quote is not closed before the row is longer than ${maxRowBytes} bytes (maxRowBytes)`,
  rowTooLong: (maxRowBytes) => `the row is longer than ${maxRowBytes} bytes (maxRowBytes)`,
};

/** The fields of a row without faults. */
function unquoted(row: string, delimiter: string, quote: string): string[] {
  const doubled = quote + quote;
  const fields: string[] = [];
  for (let at = 0; ; at += delimiter.length) {
    if (row[at] === quote) {
      const end = closingQuote(row, at + 1, quote);
      const field = row.slice(at + 1, end);
      // A function, because `$` has a meaning in a replacement string.
      fields.push(field.includes(quote) ? field.replaceAll(doubled, () => quote) : field);
      at = end + 1;
    } else {
      const found = row.indexOf(delimiter, at);
      const end = found < 0 ? row.length : found;
      fields.push(row.slice(at, end));
      at = end;
    }
    if (at >= row.length) return fields;
  }
}

/** The position of the quote, not a doubled one, that ends the field whose text begins at `from`. */
function closingQuote(row: string, from: number, quote: string): number {
  for (let at = row.indexOf(quote, from); ; at = row.indexOf(quote, at + 2)) {
    if (row[at + 1] !== quote) return at;
  }
}
