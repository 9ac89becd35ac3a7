const QUOTE = 0x22;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

const SPECIAL_IN_QUOTES = tableOf([QUOTE, LINE_FEED, CARRIAGE_RETURN]);

/** Where the scanner is within a row. */
type State =
  | "fieldStart"
  | "unquoted"
  /** Between the quotes of a field: whatever comes belongs to it. */
  | "quoted"
  /** After a quote in a quoted field: its last one, or the first of two that mean one. */
  | "afterQuote"
  /** Something is wrong with the first line of the row, whose end is looked for. */
  | "damaged";

/** What is wrong with a row, and how many bytes of it come before that. */
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

/**
 * Finds the ends of the rows of a CSV file, which depend on all quotes before them, without making
 * anything of the fields. Whoever plans where a file is cut and whoever reads its rows ask the same
 * scanner, so that they agree on every file, however damaged.
 *
 * The first line break outside quotes tells which kind ends the rows of the file. A row with a quote out
 * of place, or one that is never closed, is damaged, and ends at its first line break even if that is
 * within quotes: so a stray quote costs the line it is in, and no more. So is and does a row that is too
 * long: without a limit, only the end of the file would tell that a quote is never closed.
 */
export class CsvScanner {
  readonly #delimiter: Uint8Array;
  readonly maxRowBytes: number;
  /** Bytes that may mean something outside quotes, as 1. */
  readonly #special: Uint8Array;
  #lineBreak: Uint8Array | undefined;
  #state: State = "fieldStart";
  /** What is known of the row: nothing yet, that it ends, or that it is damaged and where it ends. */
  outcome: "open" | "row" | "damaged" = "open";
  /** Once its end is known, the bytes of the row, line break included; before, those that were scanned. */
  length = 0;
  /** The bytes of the row without its line break. */
  contentLength = 0;
  /** Line breaks of any kind in the row, that at its end included. */
  lines = 0;
  /** Whether a field of the row is in quotes. */
  hasQuotes = false;
  /** What is wrong, if the row is damaged. */
  fault: RowFault | undefined;
  /** Where the field began that is in quotes, after its quote. */
  #quotedFrom = 0;
  /** Bytes and line breaks up to behind the first line break of the row; 0 where none has come. */
  #firstLineLength = 0;
  #firstLineBreaks = 0;

  /**
   * @param delimiter what is between fields, without quotes and line breaks
   * @param maxRowBytes how long a row may be, without its line break
   */
  constructor(delimiter: string, maxRowBytes: number) {
    this.#delimiter = Buffer.from(delimiter);
    this.maxRowBytes = maxRowBytes;
    this.#special = tableOf([QUOTE, LINE_FEED, CARRIAGE_RETURN, ...this.#delimiter.subarray(0, 1)]);
  }

  /** How many bytes there must be beyond those that are scanned, except at the end of the file. */
  get lookahead(): number {
    return Math.max(1, this.#delimiter.length);
  }

  /** A row begins. */
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
   * Goes on with the row, as far as it ends, is damaged, or the bytes of `block` in [start, end) do.
   *
   * @param block with {@link lookahead} bytes after `end`, unless the file ends there
   * @returns where it has stopped: while the row is open, `end` or a little more, to go on from. A
   *   damaged row may have ended long before
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
      const special = this.#state === "quoted" ? SPECIAL_IN_QUOTES : this.#special;
      while (at < stop && special[block[at] ?? 0] === 0) at += 1;
      if (at > from) this.#takeText(from - base);
      else at += this.#takeSpecial(block, at, at - base);
    }
    if (this.outcome === "open") this.length = at - base;
    return at;
  }

  /** The file ends here, and with it the row. */
  finish(): void {
    // A delimiter may have gone beyond the limit, with nothing behind it.
    const isTooLong = this.length > this.maxRowBytes && this.#state !== "damaged";
    if (this.outcome === "open" && isTooLong) this.#failAsTooLong();
    else if (this.#state === "quoted") this.#fail("quoteNotClosed", this.#quotedFrom);
    if (this.outcome !== "open") return;
    this.contentLength = this.length;
    this.outcome = this.fault === undefined ? "row" : "damaged";
  }

  /** Takes bytes that mean nothing by themselves. */
  #takeText(position: number): void {
    if (this.#state === "fieldStart") this.#state = "unquoted";
    else if (this.#state === "afterQuote") this.#fail("textAfterQuote", position);
  }

  /** @returns how many bytes it has taken */
  #takeSpecial(block: Uint8Array, at: number, position: number): number {
    const byte = block[at];
    if (byte === QUOTE) this.#takeQuote(position);
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
    const length = this.#lineBreakLength(block, at);
    if (length === 0 || this.#state === "quoted") {
      const isLine = block[at] === LINE_FEED || isLoneReturn(block, at);
      if (length > 0 && this.#firstLineLength === 0) {
        this.#firstLineLength = position + length;
        this.#firstLineBreaks = this.lines + (isLine || length === 2 ? 1 : 0);
      }
      if (isLine) this.lines += 1;
      if (this.#state !== "quoted") this.#takeText(position);
      return 1;
    }
    this.lines += 1;
    this.length = position + length;
    this.contentLength = position;
    if (this.#state === "damaged") this.outcome = "damaged";
    else {
      this.outcome = "row";
      // A copy: the block is used again, and the slice of a Buffer is not one.
      this.#lineBreak ??= Uint8Array.from(block.subarray(at, at + length));
    }
    return length;
  }

  /** How long the line break at `at` is, if it is one of those that end rows; otherwise 0. */
  #lineBreakLength(block: Uint8Array, at: number): number {
    const lineBreak = this.#lineBreak;
    if (lineBreak !== undefined) return isAt(lineBreak, block, at) ? lineBreak.length : 0;
    return block[at] === CARRIAGE_RETURN && block[at + 1] === LINE_FEED ? 2 : 1;
  }

  /** Whether the row ends at `at`. */
  #endsAt(block: Uint8Array, at: number): boolean {
    const byte = block[at];
    if (this.#state === "quoted" || (byte !== LINE_FEED && byte !== CARRIAGE_RETURN)) return false;
    return this.#lineBreakLength(block, at) > 0;
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

function isLoneReturn(block: Uint8Array, at: number): boolean {
  return block[at] === CARRIAGE_RETURN && block[at + 1] !== LINE_FEED;
}

function isAt(bytes: Uint8Array, block: Uint8Array, at: number): boolean {
  for (let i = 0; i < bytes.length; i++) if (block[at + i] !== bytes[i]) return false;
  return true;
}
