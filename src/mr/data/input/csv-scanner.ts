const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

type State =
  | "fieldStart"
  | "unquoted"
  /** Between the quotes of a field, where all bytes but quotes belong to it. */
  | "quoted"
  /** After a quote in a quoted field: the closing quote, or the first of a doubled one. */
  | "afterQuote"
  /** After a fault, before the end of the first line of the row. */
  | "damaged";

/** The fault of a row, and its place in bytes from the beginning of the row. */
export interface RowFault {
  readonly kind:
    | "quoteInField"
    | "textAfterQuote"
    | "quoteNotClosed"
    /** The row is too long, and goes on within quotes. */
    | "quoteTooLong"
    /** The row is too long, and goes on outside quotes. */
    | "rowTooLong";
  readonly at: number;
}

/** Whether this can be the quote of a {@link CsvScanner}: one ASCII character that is no line break, or none. */
export function isQuote(quote: unknown): quote is string {
  if (typeof quote !== "string" || quote.length > 1) return false;
  return quote < "\x80" && quote !== "\r" && quote !== "\n";
}

/**
 * Finds the ends of the rows of a CSV file, which depend on all quotes before them, without looking at
 * the fields. The planner of splits and the reader of rows use the same scanner, so that they agree on
 * every file, however damaged.
 *
 * Each line break outside quotes ends a row, whether it is LF, CRLF or a lone CR. A row with a quote out
 * of place, or one that is never closed, is damaged, and ends at its first line break even if that is
 * within quotes; so a stray quote costs one line. The same applies to a row that is too long: without a
 * limit, an unclosed quote would be found at the end of the file only.
 */
export class CsvScanner {
  readonly delimiter: string;
  readonly #delimiter: Uint8Array;
  readonly maxRowBytes: number;
  /** The character that quotes fields; empty if none does. */
  readonly quote: string;
  /** The byte of {@link quote}; −1 if fields are not quoted. */
  readonly #quote: number;
  /** 1 for the bytes that may have a meaning outside quotes. */
  readonly #special: Uint8Array;
  /** The same within quotes. */
  readonly #specialInQuotes: Uint8Array;
  #state: State = "fieldStart";
  /** `open` until the end of the row is found, which is well-formed (`row`) or damaged. */
  outcome: "open" | "row" | "damaged" = "open";
  /** How many bytes of the row have been scanned; once its end is found, all including the line break. */
  length = 0;
  contentLength = 0;
  /** Line breaks of any kind in the row, including the one at its end. */
  lines = 0;
  hasQuotes = false;
  fault: RowFault | undefined;
  #quotedFrom = 0;
  /** Bytes and line breaks up to and including the first line break of the row; 0 before it. */
  #firstLineLength = 0;
  #firstLineBreaks = 0;

  /**
   * @param maxRowBytes how long a row may be, without its line break
   * @param quote one ASCII character, or none
   */
  constructor(delimiter: string, maxRowBytes: number, quote = '"') {
    this.delimiter = delimiter;
    this.#delimiter = Buffer.from(delimiter);
    this.maxRowBytes = maxRowBytes;
    this.quote = quote;
    this.#quote = quote === "" ? -1 : quote.charCodeAt(0);
    const breaks = [LINE_FEED, CARRIAGE_RETURN, ...Buffer.from(quote)];
    this.#specialInQuotes = tableOf(breaks);
    this.#special = tableOf([...breaks, ...this.#delimiter.subarray(0, 1)]);
  }

  /** How many bytes must follow the scanned ones, except at the end of the file. */
  get lookahead(): number {
    return Math.max(1, this.#delimiter.length);
  }

  begin(): void {
    this.#state = "fieldStart";
    this.outcome = "open";
    this.length = 0;
    this.contentLength = 0;
    this.lines = 0;
    this.hasQuotes = false;
    this.fault = undefined;
    this.#firstLineLength = 0;
    this.#firstLineBreaks = 0;
  }

  /**
   * Scans bytes of the row in block[start, end), up to its end.
   *
   * @param block with {@link lookahead} bytes after `end`, unless the file ends there
   * @returns where scanning has stopped: while the row is open, `end` or a little more. A damaged row may
   *   have ended long before
   */
  scan(block: Uint8Array, start: number, end: number): number {
    const base = start - this.length;
    const limit = base + this.maxRowBytes;
    let at = start;
    while (at < end && this.outcome === "open") {
      if (at >= limit && this.#state !== "damaged" && !(at === limit && this.#endsAt(block, at))) {
        this.#failAsTooLong();
        continue;
      }
      const from = at;
      const stop = at < limit && limit < end ? limit : end;
      const special = this.#state === "quoted" ? this.#specialInQuotes : this.#special;
      while (at < stop && special[block[at] ?? 0] === 0) at += 1;
      if (at > from) this.#takeText(from - base);
      else at += this.#takeSpecial(block, at, at - base);
    }
    if (this.outcome === "open") this.length = at - base;
    return at;
  }

  finish(): void {
    // The last delimiter may extend beyond the limit.
    const isTooLong = this.length > this.maxRowBytes && this.#state !== "damaged";
    if (this.outcome === "open" && isTooLong) this.#failAsTooLong();
    else if (this.#state === "quoted") this.#fail("quoteNotClosed", this.#quotedFrom);
    if (this.outcome !== "open") return;
    this.contentLength = this.length;
    this.outcome = this.fault === undefined ? "row" : "damaged";
  }

  #takeText(position: number): void {
    if (this.#state === "fieldStart") this.#state = "unquoted";
    else if (this.#state === "afterQuote") this.#fail("textAfterQuote", position);
  }

  /** @returns how many bytes it has taken */
  #takeSpecial(block: Uint8Array, at: number, position: number): number {
    const byte = block[at];
    if (byte === this.#quote) this.#takeQuote(position);
    else if (byte === LINE_FEED || byte === CARRIAGE_RETURN) {
      return this.#takeLineBreak(block, at, position);
    } else if (this.#state !== "damaged" && isAt(this.#delimiter, block, at)) {
      this.#state = "fieldStart";
      return this.#delimiter.length;
    } else this.#takeText(position);
    return 1;
  }

  #takeQuote(position: number): void {
    if (this.#state === "quoted") this.#state = "afterQuote";
    else if (this.#state === "afterQuote") this.#state = "quoted";
    else if (this.#state === "unquoted") this.#fail("quoteInField", position);
    else if (this.#state === "fieldStart") {
      this.#state = "quoted";
      this.#quotedFrom = position;
      this.hasQuotes = true;
    }
  }

  #takeLineBreak(block: Uint8Array, at: number, position: number): number {
    const length = block[at] === CARRIAGE_RETURN && block[at + 1] === LINE_FEED ? 2 : 1;
    if (this.#state === "quoted") {
      this.lines += 1;
      if (this.#firstLineLength === 0) {
        this.#firstLineLength = position + length;
        this.#firstLineBreaks = this.lines;
      }
      return length;
    }
    this.lines += 1;
    this.length = position + length;
    this.contentLength = position;
    this.outcome = this.#state === "damaged" ? "damaged" : "row";
    return length;
  }

  #endsAt(block: Uint8Array, at: number): boolean {
    const isBreak = block[at] === LINE_FEED || block[at] === CARRIAGE_RETURN;
    return isBreak && this.#state !== "quoted";
  }

  #failAsTooLong(): void {
    if (this.#state === "quoted") this.#fail("quoteTooLong", this.#quotedFrom);
    else this.#fail("rowTooLong", 0);
  }

  #fail(kind: RowFault["kind"], at: number): void {
    this.fault = { kind, at };
    this.#state = "damaged";
    if (this.#firstLineLength === 0) return;
    this.outcome = "damaged";
    this.length = this.#firstLineLength;
    this.lines = this.#firstLineBreaks;
  }
}

function tableOf(bytes: readonly number[]): Uint8Array {
  const table = new Uint8Array(256);
  for (const byte of bytes) table[byte] = 1;
  return table;
}

function isAt(bytes: Uint8Array, block: Uint8Array, at: number): boolean {
  for (let i = 0; i < bytes.length; i++) if (block[at + i] !== bytes[i]) return false;
  return true;
}
