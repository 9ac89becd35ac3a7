import { ByteSlice } from "../../app/contract/byte-slice.ts";
import type { InputSource, Reader, ReadOptions, RecordCursor } from "../../app/contract/reader.ts";
import type { WordScan } from "../../app/text/word-scan.ts";
import { giveLargeBuffer, takeLargeBuffer } from "../../base/buffer-pool.ts";
import { MAX_RECORD_BYTES } from "../../job/limits.ts";
import type { BlockScanner } from "../../kernel/kernel.ts";
import {
  decodedInput,
  MAX_MARK_BYTES,
  otherEncodingOf,
  type TextOptions,
  textInput,
  utf8MarkLength,
} from "./encoding.ts";
import { recordTooLong } from "./open-input.ts";

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
/** Copying to a larger buffer takes time; memory that is not written to is free. */
const GROWTH = 8;
/** How much is read beyond the end of a part at first, to find the end of its last line. */
const LOOKAHEAD_BYTES = 512;

/**
 * Records are lines, as byte slices without their ends (LF or CRLF). A byte order mark at the beginning
 * of the file is not part of its first line; all other bytes are kept as they are, UTF-8 or not. A last
 * line without a line end is a record too, unless it is empty. A file that begins with a byte order mark of
 * UTF-16, or that is in another `encoding`, is converted to UTF-8.
 *
 * @throws TypeError for an encoding that is unknown
 */
export function lines(options?: TextOptions): Reader<ByteSlice> {
  return lineReader("lines()", "line", options);
}

/**
 * Records are blocks of whole lines with their ends, about a megabyte each, as byte slices: for apps such
 * as word count that do not need single lines. All bytes are kept; text in another encoding is converted as
 * in {@link lines}.
 *
 * @throws TypeError for an encoding that is unknown
 */
export function blocks(options?: TextOptions): Reader<ByteSlice> {
  return lineReader("blocks()", "block", options);
}

/** The extent of a record: a line without its end, or as many whole lines as a block holds. */
type LineUnit = "line" | "block";

function lineReader(name: string, unit: LineUnit, options: TextOptions = {}): Reader<ByteSlice> {
  const { splitting, textOf } = textInput(name.replace("()", ""), options);
  return {
    name,
    splitting,
    open: (source, readOptions) => new LineCursor(textOf(source), readOptions, unit),
  };
}

/**
 * Reads the lines that begin in [start, end) of a source, a block at a time.
 *
 * A line begins at 0 and after each line feed. A part that does not begin at 0 starts reading one byte
 * earlier and skips everything up to the first line feed, which belongs to the part before; the last line
 * is read to its end, wherever that is. So the part in which a line begins reads it, and no other does.
 *
 * A file in UTF-16 can't be cut so. Its first part reads all of it, and its other parts have no lines.
 */
export class LineCursor implements RecordCursor<ByteSlice> {
  #source: InputSource;
  readonly #scanner: BlockScanner;
  readonly #unit: LineUnit;
  readonly #scan: WordScan;
  readonly #maxRecordBytes: number;
  readonly #slice: ByteSlice;
  /** The scanner's block, or {@link #large} while a line is too long for the block. */
  #buffer: Uint8Array;
  #large: Buffer | undefined;
  /** How much of the buffer is filled; the position of its first byte in the file. */
  #filled = 0;
  #base: number;
  /** All line feeds before this belong to lines that have been given. */
  #searched = 0;
  /** The loaded records that have not been given yet are in bytes [at, limit) of the buffer. */
  #at = 0;
  #limit = 0;
  /** How many line ends the scanner has found in these, and the index of the next one. */
  #lineCount = 0;
  #line = 0;
  /** Whether the first line of this part has not been found yet. */
  #isSkipping: boolean;
  #isAtEnd: boolean;
  /** Whether the beginning of the file, which is not in this part, is still to be looked at. */
  #isHeadUnknown: boolean;

  constructor(source: InputSource, options: ReadOptions, unit: LineUnit) {
    const { scanner, words, maxRecordBytes = MAX_RECORD_BYTES } = options;
    this.#maxRecordBytes = maxRecordBytes;
    this.#source = source;
    this.#scanner = scanner;
    this.#unit = unit;
    this.#scan = words;
    this.#buffer = scanner.block;
    this.#slice = new ByteSlice(scanner.block, 0, 0);
    this.#isSkipping = source.start > 0;
    this.#isAtEnd = source.start >= source.end;
    this.#isHeadUnknown = source.start > 0 && !this.#isAtEnd;
    this.#base = source.start > 0 ? source.start - 1 : 0;
  }

  get offset(): number {
    return this.#base + this.#slice.start;
  }

  next(): ByteSlice | undefined {
    const slice = this.#slice;
    if (this.#line < this.#lineCount) {
      const end = this.#scanner.lineEnds[this.#line] ?? 0;
      const start = this.#at;
      this.#line += 1;
      this.#at = end + 1;
      slice.start = start;
      const hasReturn = end > start && this.#buffer[end - 1] === CARRIAGE_RETURN;
      slice.end = hasReturn ? end - 1 : end;
      return slice;
    }
    if (this.#at >= this.#limit) return undefined;
    // Bytes without a known line end are one record: a block, a line too long for one, or the last line.
    slice.start = this.#at;
    slice.end = this.#limit;
    if (this.#unit === "line") slice.end -= lineEndLength(this.#buffer, this.#at, this.#limit);
    this.#at = this.#limit;
    return slice;
  }

  load(): boolean | Promise<boolean> {
    if (this.#isHeadUnknown) {
      this.#isHeadUnknown = false;
      const head = new Uint8Array(MAX_MARK_BYTES);
      const count = this.#source.read(head, 0, 0);
      if (typeof count !== "number") return count.then((n) => this.#takeHead(head, n));
      return this.#takeHead(head, count);
    }
    this.#keepRest();
    while (!this.#isAtEnd) {
      const filled = this.#filled;
      const { block } = this.#scanner;
      // A line too long for the block is read a block at a time, so that what follows its end fits into the block.
      const isLarge = this.#buffer !== block;
      const room = isLarge ? this.#buffer.subarray(0, filled + block.length) : this.#roomInBlock();
      const count = this.#source.read(room, filled, this.#base + filled);
      if (typeof count !== "number") return count.then((n) => this.#take(n) || this.load());
      if (this.#take(count)) return true;
    }
    return false;
  }

  /** The block, up to where the last line of this part probably ends: the next part reads what follows. */
  #roomInBlock(): Uint8Array {
    const { block } = this.#scanner;
    // More and more of a line that is longer.
    const lookahead = Math.max(LOOKAHEAD_BYTES, this.#filled);
    const end = Math.max(this.#source.end - this.#base, this.#filled) + lookahead;
    return end < block.length ? block.subarray(0, end) : block;
  }

  close(): void {
    if (this.#large !== undefined) giveLargeBuffer(this.#large);
    this.#large = undefined;
  }

  /** Ends this part, which does not begin the file, if the file is in UTF-16. */
  #takeHead(head: Uint8Array, count: number): boolean | Promise<boolean> {
    if (otherEncodingOf(head, count) !== undefined) this.#isAtEnd = true;
    return this.load();
  }

  /** Reads the file as UTF-16 from its beginning, which is in the block. */
  #decode(encoding: string): void {
    const begin = Uint8Array.from(this.#buffer.subarray(0, this.#filled));
    this.#source = decodedInput(this.#source, encoding, begin);
    this.#filled = 0;
    this.#searched = 0;
    this.#isAtEnd = false;
  }

  /** Moves bytes that have been read but not given to the front of the block. */
  #keepRest(): void {
    const rest = this.#limit;
    if (rest === 0) return;
    const block = this.#scanner.block;
    if (this.#buffer === block) {
      block.copyWithin(0, rest, this.#filled);
      this.#searched = this.#filled - rest;
    } else {
      // Whole lines may follow a line that was too long.
      block.set(this.#buffer.subarray(rest, this.#filled));
      this.#searched = 0;
    }
    this.#buffer = block;
    this.#slice.bytes = block;
    this.#base += rest;
    this.#filled -= rest;
    this.#at = 0;
    this.#limit = 0;
  }

  /** Accepts `count` bytes that were read; true when there are records now. */
  #take(count: number): boolean {
    const searched = this.#searched;
    this.#filled += count;
    this.#searched = this.#filled;
    if (count === 0) this.#isAtEnd = true;
    if (this.#isSkipping && !this.#skip()) return false;
    if (this.#at === 0 && this.#base === 0) {
      const encoding = otherEncodingOf(this.#buffer, this.#filled);
      if (encoding !== undefined) {
        this.#decode(encoding);
        return false;
      }
      if (this.#unit === "line") this.#at = utf8MarkLength(this.#buffer, this.#filled);
    }
    const limit = this.#findLimit(searched, count === 0);
    if (this.#buffer !== this.#scanner.block) this.#checkLength(limit);
    if (limit <= this.#at) {
      const { block } = this.#scanner;
      const needed = this.#buffer === block ? 1 : block.length;
      if (this.#filled + needed > this.#buffer.length) this.#grow();
      return false;
    }
    this.#limit = limit;
    this.#findLines();
    return true;
  }

  /** Skips bytes of the part before. True when the first line of this part has been reached. */
  #skip(): boolean {
    const feed = this.#buffer.subarray(0, this.#filled).indexOf(LINE_FEED);
    if (feed < 0) {
      this.#base += this.#filled;
      this.#filled = 0;
      this.#searched = 0;
      if (this.#base >= this.#source.end) this.#isAtEnd = true;
      return false;
    }
    this.#isSkipping = false;
    this.#at = feed + 1;
    if (this.#base + this.#at < this.#source.end) return true;
    this.#isAtEnd = true;
    return false;
  }

  /** The end of the last loaded whole line that begins in this part; 0 if there is none. */
  #findLimit(searched: number, isEndOfFile: boolean): number {
    const filled = this.#buffer.subarray(0, this.#filled);
    const from = Math.max(searched, this.#at);
    // The last line of this part contains this byte.
    const lastByte = this.#source.end - 1 - this.#base;
    let feed = -1;
    if (this.#buffer !== this.#scanner.block) feed = filled.indexOf(LINE_FEED, from);
    else if (lastByte < this.#filled)
      feed = filled.indexOf(LINE_FEED, Math.max(lastByte, this.#at));
    if (feed >= 0) {
      if (feed >= lastByte) this.#isAtEnd = true;
      return feed + 1;
    }
    if (isEndOfFile) return this.#filled;
    feed = filled.subarray(from).lastIndexOf(LINE_FEED);
    return feed < 0 ? 0 : from + feed + 1;
  }

  #findLines(): void {
    this.#line = 0;
    this.#lineCount = 0;
    if (this.#buffer !== this.#scanner.block) return;
    this.#scan.reset(this.#at, this.#limit);
    this.#slice.scan = this.#scan;
    if (this.#unit === "line") this.#lineCount = this.#scanner.scanLines(this.#at, this.#limit);
  }

  /** @throws MrError when the line in the large buffer, which ends at `limit` (0: not yet), is too long */
  #checkLength(limit: number): void {
    const length = limit > 0 ? limit - lineEndLength(this.#buffer, this.#at, limit) : this.#filled;
    if (length - this.#at <= this.#maxRecordBytes) return;
    throw recordTooLong("line", this.#source.file, this.#base + this.#at, this.#maxRecordBytes);
  }

  /** Makes room for more of a line that fills the buffer, up to the length of the longest record. */
  #grow(): void {
    const { block } = this.#scanner;
    if (this.#at > 0) {
      // Before the first line of the part: only its beginning needs to be kept.
      this.#buffer.copyWithin(0, this.#at, this.#filled);
      this.#base += this.#at;
      this.#filled -= this.#at;
      this.#searched = this.#filled;
      this.#at = 0;
      return;
    }
    let large = this.#large;
    if (large === undefined || large.length < this.#filled + block.length) {
      const size = Math.min(GROWTH * this.#filled, this.#maxRecordBytes) + block.length;
      large = takeLargeBuffer(size);
      this.#large = large;
    }
    large.set(this.#buffer.subarray(0, this.#filled));
    this.#buffer = large;
    this.#slice.bytes = large;
    this.#slice.scan = undefined;
  }
}

/** The length of the line end at the end of bytes[start, end). */
function lineEndLength(bytes: Uint8Array, start: number, end: number): number {
  if (end === start || bytes[end - 1] !== LINE_FEED) return 0;
  return end - 2 >= start && bytes[end - 2] === CARRIAGE_RETURN ? 2 : 1;
}
