import { ByteSlice } from "../../app/contract/byte-slice.ts";
import type { InputSource, ReadOptions, RecordCursor } from "../../app/contract/reader.ts";
import type { WordScan } from "../../app/text/word-scan.ts";
import { giveLargeBuffer, takeLargeBuffer } from "../../base/buffer-pool.ts";
import type { BlockScanner } from "../../kernel/kernel.ts";
import { MAX_RECORD_BYTES, recordTooLong } from "./limits.ts";

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
/** Memory that is not written to costs nothing, but what is copied from one buffer to the next does. */
const GROWTH = 8;

/** What one record is: a line without its end, or as many whole lines as a block holds. */
export type LineUnit = "line" | "block";

/**
 * Reads the lines that begin in [start, end) of a source, a block at a time.
 *
 * A line begins at 0 and after each line feed. So a part that does not begin at 0 looks at the byte
 * before it, and leaves what comes before the first line feed from there on to the part before; the
 * last line is read to its end, wherever that is. Each line is read exactly once that way, by the
 * part in which it begins.
 */
export class LineCursor implements RecordCursor<ByteSlice> {
  readonly #source: InputSource;
  readonly #scanner: BlockScanner;
  readonly #unit: LineUnit;
  readonly #scan: WordScan;
  readonly #maxRecordBytes: number;
  readonly #slice: ByteSlice;
  /** The scanner's block, or memory of its own while a line is too long for that. */
  #buffer: Uint8Array;
  /** The memory of its own, once there was such a line. */
  #large: Buffer | undefined;
  /** How much of the buffer is filled; the position of its first byte in the file. */
  #filled = 0;
  #base: number;
  /** Up to where there is no line feed but those of lines that have been given. */
  #searched = 0;
  /** Where in the buffer the next record begins, and where what is loaded of them ends. */
  #at = 0;
  #limit = 0;
  /** Line ends of what is loaded, and which is next. */
  #lineCount = 0;
  #line = 0;
  /** Before the first line of this part. */
  #isSkipping: boolean;
  #isAtEnd: boolean;

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
    // What has no known line end is one record: a block, a line too long for one, or the last line.
    slice.start = this.#at;
    slice.end = this.#limit;
    if (this.#unit === "line") slice.end -= lineEndLength(this.#buffer, this.#at, this.#limit);
    this.#at = this.#limit;
    return slice;
  }

  load(): boolean | Promise<boolean> {
    this.#keepRest();
    while (!this.#isAtEnd) {
      const count = this.#source.read(this.#room(), this.#filled, this.#base + this.#filled);
      if (typeof count !== "number") return count.then((n) => this.#take(n) || this.load());
      if (this.#take(count)) return true;
    }
    return false;
  }

  close(): void {
    if (this.#large !== undefined) giveLargeBuffer(this.#large);
    this.#large = undefined;
  }

  /**
   * What to read into. Of a line too long for the block no more than a block at a time, so that what
   * follows its end fits into the block again.
   */
  #room(): Uint8Array {
    const { block } = this.#scanner;
    if (this.#buffer === block) return block;
    return this.#buffer.subarray(0, this.#filled + block.length);
  }

  /** How much must be left in the buffer for reading on. */
  get #roomLeft(): number {
    const { block } = this.#scanner;
    return this.#buffer === block ? 1 : block.length;
  }

  /** Moves what has been read but not given yet to the front of the block. */
  #keepRest(): void {
    const rest = this.#limit;
    if (rest === 0) return;
    const block = this.#scanner.block;
    if (this.#buffer === block) {
      block.copyWithin(0, rest, this.#filled);
      this.#searched = this.#filled - rest;
    } else {
      // After a line that was too long there may be whole ones already.
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

  /** Takes in `count` bytes just read; true when there are records now. */
  #take(count: number): boolean {
    const searched = this.#searched;
    this.#filled += count;
    this.#searched = this.#filled;
    const isEndOfFile = count === 0;
    if (isEndOfFile) this.#isAtEnd = true;
    if (this.#isSkipping && !this.#skip()) return false;
    if (this.#at === 0 && this.#base === 0 && this.#unit === "line") {
      this.#at = byteOrderMark(this.#buffer, this.#filled);
    }
    const limit = this.#findLimit(searched, isEndOfFile);
    if (this.#buffer !== this.#scanner.block) this.#checkLength(limit);
    if (limit <= this.#at) {
      if (this.#filled + this.#roomLeft > this.#buffer.length) this.#grow();
      return false;
    }
    this.#limit = limit;
    this.#findLines();
    return true;
  }

  /** Leaves out what belongs to the part before. True when the first line of this part is there. */
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
    if (this.#base + this.#at >= this.#source.end) {
      this.#isAtEnd = true;
      return false;
    }
    return true;
  }

  /** Where the last whole line that is loaded and begins in this part ends; 0 if there is none. */
  #findLimit(searched: number, isEndOfFile: boolean): number {
    const filled = this.#buffer.subarray(0, this.#filled);
    const from = Math.max(searched, this.#at);
    // The last line of this part is the one that holds this byte.
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
    const limit = this.#limit;
    this.#scan.reset(this.#at, limit);
    this.#slice.scan = this.#scan;
    if (this.#unit === "block") return;
    this.#lineCount = this.#scanner.scanLines(this.#at, limit);
  }

  /**
   * Refuses a line too long for a record, of which all is loaded so far, or all up to `limit`.
   *
   * @throws MrError
   */
  #checkLength(limit: number): void {
    const length = limit > 0 ? limit - lineEndLength(this.#buffer, this.#at, limit) : this.#filled;
    if (length - this.#at <= this.#maxRecordBytes) return;
    throw recordTooLong("line", this.#source.file, this.#base + this.#at, this.#maxRecordBytes);
  }

  /** The line that fills the buffer goes on: a larger one, but no larger than a record may be. */
  #grow(): void {
    const { block } = this.#scanner;
    if (this.#at > 0) {
      // Only before the first line, whose beginning then is all that is worth keeping.
      this.#buffer.copyWithin(0, this.#at, this.#filled);
      this.#base += this.#at;
      this.#filled -= this.#at;
      this.#searched = this.#filled;
      this.#at = 0;
      return;
    }
    const extra = block.length;
    let large = this.#large;
    if (large === undefined || large.length < this.#filled + extra) {
      large = takeLargeBuffer(Math.min(GROWTH * this.#filled, this.#maxRecordBytes) + extra);
      this.#large = large;
    }
    large.set(this.#buffer.subarray(0, this.#filled));
    this.#buffer = large;
    this.#slice.bytes = large;
    this.#slice.scan = undefined;
  }
}

/** How many bytes at the end of bytes[start, end) are the line end. */
function lineEndLength(bytes: Uint8Array, start: number, end: number): number {
  if (end === start || bytes[end - 1] !== LINE_FEED) return 0;
  return end - 2 >= start && bytes[end - 2] === CARRIAGE_RETURN ? 2 : 1;
}

/** The length of the byte order mark that text in UTF-8 may begin with. */
function byteOrderMark(bytes: Uint8Array, filled: number): number {
  return filled >= 3 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
}
