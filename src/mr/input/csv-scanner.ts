const QUOTE = 0x22;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

const SPECIAL_IN_QUOTES = tableOf([QUOTE, LINE_FEED, CARRIAGE_RETURN]);

/** Where the scanner is. Only after a complete row is it known where the next one begins. */
type State =
  | "fieldStart"
  | "unquoted"
  /** Between the quotes of a field: whatever comes belongs to it. */
  | "quoted"
  /** After a quote in a quoted field: its last one, or the first of two that mean one. */
  | "afterQuote"
  /** A quote is out of place, or rows end with a lone carriage return: only the parser can go on. */
  | "malformed";

/**
 * Finds the ends of the rows of a CSV file, which depend on all quotes before them, in one pass and
 * without making anything of the fields. It accepts less than the parser does: what it has accepted
 * up to the end of a row, the parser reads as the same rows; at anything else it gives up.
 *
 * As in the parser, the first line break outside quotes tells which kind ends the rows of the file.
 */
export class CsvScanner {
  readonly #delimiter: Uint8Array;
  #lineBreak: Uint8Array | undefined;
  #state: State = "fieldStart";
  /** Bytes that may mean something outside quotes, as 1. */
  readonly #special: Uint8Array;
  /** Line breaks of any kind so far. */
  lines = 0;

  /** @param delimiter what is between fields, without quotes and line breaks */
  constructor(delimiter: string) {
    this.#delimiter = Buffer.from(delimiter);
    this.#special = tableOf([QUOTE, LINE_FEED, CARRIAGE_RETURN, ...this.#delimiter.subarray(0, 1)]);
  }

  /** Whether from here on only the parser can say where rows end. */
  get isMalformed(): boolean {
    return this.#state === "malformed";
  }

  /** How many bytes there must be beyond those that are scanned, except at the end of the file. */
  get lookahead(): number {
    return Math.max(2, this.#delimiter.length);
  }

  /**
   * Goes on with the bytes of `block` in [start, end), as far as a row ends at or after `wanted`.
   *
   * @param block with {@link lookahead} bytes after `end`, unless the file ends there
   * @returns where it has stopped: behind that row, or `end` or a little more if none ends before, or
   *   anywhere if the file is malformed; the next call starts there
   */
  scan(block: Uint8Array, start: number, end: number, wanted: number): ScanStop {
    let at = start;
    while (at < end && this.#state !== "malformed") {
      const from = at;
      const special = this.#state === "quoted" ? SPECIAL_IN_QUOTES : this.#special;
      while (at < end && special[block[at] ?? 0] === 0) at += 1;
      if (at > from && !this.#take()) break;
      if (at >= end) break;
      const length = this.#step(block, at);
      at += Math.abs(length);
      if (length < 0 && at >= wanted) return { at, isRowEnd: true };
    }
    return { at, isRowEnd: false };
  }

  /** Takes bytes that mean nothing by themselves; false where none may be. */
  #take(): boolean {
    if (this.#state === "fieldStart") this.#state = "unquoted";
    else if (this.#state === "afterQuote") this.#state = "malformed";
    return this.#state !== "malformed";
  }

  /** @returns how many bytes it has taken, negative if a row ends with them */
  #step(block: Uint8Array, at: number): number {
    const byte = block[at];
    if (this.#state === "quoted") {
      if (byte === QUOTE) this.#state = "afterQuote";
      else if (byte === LINE_FEED || isLoneReturn(block, at)) this.lines += 1;
      return 1;
    }
    if (byte === QUOTE) {
      this.#state = this.#state === "unquoted" ? "malformed" : "quoted";
      return 1;
    }
    if (byte === LINE_FEED || byte === CARRIAGE_RETURN) {
      this.#lineBreak ??= lineBreakAt(block, at);
      // Before a part that begins with a line feed, such a row would end in another way.
      if (this.#lineBreak[0] === CARRIAGE_RETURN && this.#lineBreak.length === 1) {
        this.#state = "malformed";
        return 1;
      }
      if (isAt(this.#lineBreak, block, at)) {
        this.#state = "fieldStart";
        this.lines += 1;
        return -this.#lineBreak.length;
      }
      if (byte === LINE_FEED || isLoneReturn(block, at)) this.lines += 1;
    }
    if (isAt(this.#delimiter, block, at)) {
      this.#state = "fieldStart";
      return this.#delimiter.length;
    }
    this.#take();
    return 1;
  }
}

/** Where a scan has stopped. */
export interface ScanStop {
  readonly at: number;
  readonly isRowEnd: boolean;
}

function tableOf(bytes: readonly number[]): Uint8Array {
  const table = new Uint8Array(256);
  for (const byte of bytes) table[byte] = 1;
  return table;
}

function lineBreakAt(block: Uint8Array, at: number): Uint8Array {
  const isPair = block[at] === CARRIAGE_RETURN && block[at + 1] === LINE_FEED;
  // A copy: the block is used again, and the slice of a Buffer is not one.
  return Uint8Array.from(block.subarray(at, at + (isPair ? 2 : 1)));
}

function isLoneReturn(block: Uint8Array, at: number): boolean {
  return block[at] === CARRIAGE_RETURN && block[at + 1] !== LINE_FEED;
}

function isAt(bytes: Uint8Array, block: Uint8Array, at: number): boolean {
  for (let i = 0; i < bytes.length; i++) if (block[at + i] !== bytes[i]) return false;
  return true;
}
