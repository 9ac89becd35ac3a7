import { giveBuffer, takeBuffer } from "../../base/buffer-pool.ts";
import { ByteBuffer } from "../../base/byte-target.ts";
import { findQuoteOrBackslash, viewOf } from "../../base/copy-bytes.ts";
import { DamagedRunError, type Run, RunFile } from "./run-file.ts";
import { decodeBytesInto } from "./value-codec.ts";

const LINE_FEED = 10;
const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const OPEN = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

const CHECK_BYTES = 64 * 1024;

/**
 * Steps through a sorted run, line by line, and through the values of each line, all in place in one
 * buffer. The file is open from the constructor to the end of the run or {@link close}.
 *
 * The checksum of the run is compared at its end, so a result of its values must not be published before
 * {@link nextLine} has returned false.
 */
export class RunCursor {
  /** The buffer in which values are; replaced and overwritten by {@link nextLine}. */
  bytes: Buffer;
  /** The key of the line is keyBytes[keyStart, keyEnd), until the next line. */
  keyBytes: Uint8Array;
  keyStart = 0;
  keyEnd = 0;
  /** The first four and the next four bytes of the key, zero-padded, as numbers. */
  prefixHigh = 0;
  prefixLow = 0;
  /** The current value: how many times in a row, whether a byte slice, and where its JSON text is. */
  count = 0;
  isBytes = false;
  valueStart = 0;
  valueEnd = 0;
  /** Whether the value is a string without escapes. */
  isPlain = false;

  readonly file: RunFile;
  #view: DataView;
  /** Keys that have escapes. */
  readonly #decodedKey = new ByteBuffer(64);
  #isOpen = true;
  /** Whole lines are in bytes[at, limit), and part of another in bytes[limit, filled). */
  #at = 0;
  #limit = 0;
  #filled = 0;

  constructor(run: Run, bufferBytes: number) {
    this.file = new RunFile(run);
    this.bytes = takeBuffer(bufferBytes);
    this.#view = viewOf(this.bytes);
    this.keyBytes = this.bytes;
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.file.close();
    giveBuffer(this.bytes);
  }

  /** Moves to the next line; false at the end of the run, whose length and checksum are right then. */
  nextLine(): boolean {
    while (this.#at > 0 && this.bytes[this.#at - 1] !== LINE_FEED) {
      if (!this.nextValue()) break;
    }
    if (this.#at === this.#limit && !this.#fill()) {
      this.close();
      return false;
    }
    this.#readKey();
    return true;
  }

  /** Moves to the next value of the line; false when there is none. */
  nextValue(): boolean {
    const { bytes } = this;
    let at = this.#at;
    if (at === 0 || bytes[at - 1] === LINE_FEED) return false;
    const separator = bytes[at++];
    if (separator !== COMMA) {
      if (separator !== CLOSE || bytes[at] !== LINE_FEED) throw this.file.malformed();
      this.#at = at + 1;
      return false;
    }
    this.isBytes = bytes[at] === MINUS;
    if (this.isBytes) at += 1;
    let count = 0;
    let digit = (bytes[at] ?? 0) - 0x30;
    while (digit >= 0 && digit <= 9) {
      count = count * 10 + digit;
      digit = (bytes[++at] ?? 0) - 0x30;
    }
    if (bytes[at] !== COMMA || count === 0) throw this.file.malformed();
    this.count = count;
    this.valueStart = at + 1;
    this.#isPlain = false;
    this.valueEnd = this.#skipValue(at + 1);
    this.isPlain = this.#isPlain && bytes[at + 1] === QUOTE;
    this.#at = this.valueEnd;
    return true;
  }

  #readKey(): void {
    const { bytes } = this;
    const start = this.#at + 1;
    if (bytes[start - 1] !== OPEN) throw this.file.malformed();
    const end = this.#skipValue(start);
    this.#at = end;
    if (bytes[start] === QUOTE && this.#isPlain) {
      this.keyBytes = bytes;
      this.keyStart = start + 1;
      this.keyEnd = end - 1;
    } else {
      try {
        decodeBytesInto(bytes, start, end, this.#decodedKey);
      } catch {
        throw this.file.malformed();
      }
      this.keyBytes = this.#decodedKey.bytes;
      this.keyStart = 0;
      this.keyEnd = this.#decodedKey.length;
    }
    this.prefixHigh = this.#prefix(this.keyStart);
    this.prefixLow = this.#prefix(this.keyStart + 4);
    if (bytes[end] !== COMMA) throw this.file.malformed();
  }

  #prefix(at: number): number {
    const { keyBytes, keyEnd } = this;
    if (at + 4 <= keyEnd) {
      const upper = ((keyBytes[at] ?? 0) << 8) | (keyBytes[at + 1] ?? 0);
      return upper * 65536 + (((keyBytes[at + 2] ?? 0) << 8) | (keyBytes[at + 3] ?? 0));
    }
    let prefix = 0;
    for (let i = at; i < at + 4; i++) prefix = prefix * 256 + (i < keyEnd ? (keyBytes[i] ?? 0) : 0);
    return prefix;
  }

  #isPlain = false;

  /** The position after the JSON text that begins at `at`. */
  #skipValue(at: number): number {
    const { bytes } = this;
    const first = bytes[at];
    if (first === QUOTE) return this.#skipString(at + 1);
    const limit = this.#limit;
    if (first !== OPEN && first !== OPEN_BRACE) {
      let end = at;
      while (end < limit && bytes[end] !== COMMA && bytes[end] !== CLOSE) end += 1;
      if (end === at || end === limit) throw this.file.malformed();
      return end;
    }
    let depth = 0;
    for (let end = at; end < limit; ) {
      const byte = bytes[end++];
      if (byte === QUOTE) end = this.#skipString(end);
      else if (byte === OPEN || byte === OPEN_BRACE) depth += 1;
      else if (byte === CLOSE || byte === CLOSE_BRACE) {
        depth -= 1;
        if (depth === 0) return end;
      }
    }
    throw this.file.malformed();
  }

  /** The position after the quote that ends the string whose first byte is at `at`. */
  #skipString(at: number): number {
    const limit = this.#limit;
    let end = findQuoteOrBackslash(this.#view, at, limit);
    this.#isPlain = true;
    while (this.bytes[end] === BACKSLASH && end < limit) {
      this.#isPlain = false;
      end = findQuoteOrBackslash(this.#view, end + 2, limit);
    }
    if (end >= limit) throw this.file.malformed();
    return end + 1;
  }

  /** Reads until there is a whole line; false at the end of the run. */
  #fill(): boolean {
    const rest = this.#filled - this.#limit;
    this.bytes.copyWithin(0, this.#limit, this.#filled);
    this.#filled = rest;
    this.#at = 0;
    this.#limit = 0;
    for (;;) {
      if (this.#filled === this.bytes.length) this.#grow();
      const count = this.file.read(this.bytes, this.#filled, this.bytes.length);
      if (count === 0) {
        this.file.checkEnd(this.#filled);
        return false;
      }
      const fresh = this.bytes.subarray(this.#filled, this.#filled + count);
      const feed = fresh.lastIndexOf(LINE_FEED);
      if (feed >= 0) this.#limit = this.#filled + feed + 1;
      this.#filled += count;
      if (feed >= 0) return true;
    }
  }

  #grow(): void {
    const grown = Buffer.allocUnsafeSlow(2 * this.bytes.length);
    grown.set(this.bytes.subarray(0, this.#filled));
    giveBuffer(this.bytes);
    this.bytes = grown;
    this.#view = viewOf(grown);
  }
}

/** Compares the keys of the current lines as `memcmp` does, a shorter key first where it begins the other. */
export function compareKeys(a: RunCursor, b: RunCursor): number {
  if (a.prefixHigh !== b.prefixHigh) return a.prefixHigh - b.prefixHigh;
  if (a.prefixLow !== b.prefixLow) return a.prefixLow - b.prefixLow;
  const lengthA = a.keyEnd - a.keyStart;
  const lengthB = b.keyEnd - b.keyStart;
  const shorter = Math.min(lengthA, lengthB);
  const bytesA = a.keyBytes;
  const bytesB = b.keyBytes;
  for (let i = 8; i < shorter; i++) {
    const difference = (bytesA[a.keyStart + i] ?? 0) - (bytesB[b.keyStart + i] ?? 0);
    if (difference !== 0) return difference;
  }
  return lengthA - lengthB;
}

/**
 * Reads runs from beginning to end. Values of a damaged run may make an app fail before the checksum at
 * the end of the run is reached: then the run is to blame, and not the app.
 *
 * @returns the error of the first damaged run; undefined if there is none
 */
export function findDamagedRun(runs: readonly Run[]): DamagedRunError | undefined {
  for (const run of runs) {
    let cursor: RunCursor | undefined;
    try {
      cursor = new RunCursor(run, CHECK_BYTES);
      while (cursor.nextLine());
    } catch (error) {
      if (error instanceof DamagedRunError) return error;
      throw error;
    } finally {
      cursor?.close();
    }
  }
  return undefined;
}
