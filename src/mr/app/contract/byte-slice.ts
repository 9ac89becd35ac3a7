/// <reference types="node" preserve="true" />
import { decodeUtf8 } from "../../base/utf8.ts";
import type { WordScan } from "../text/word-scan.ts";

/**
 * Part of a byte array, as text: what readers hand to `map`, and what `emit` takes beside strings.
 *
 * A slice given by a reader or by `words()` is **reused**: it, and the bytes below it, are valid until
 * the next record (or word). Whoever keeps one calls {@link copy} or makes a string of it.
 */
export class ByteSlice {
  /** The array the slice is a part of; to be read only. */
  bytes: Uint8Array;
  /** Where the slice begins in {@link bytes}. */
  start: number;
  /** Where the slice ends in {@link bytes}: the position after its last byte. */
  end: number;
  /** @internal Which word of `scan` this is, −1 when it is none. */
  word = -1;
  /** @internal The words found in the block that this slice is a part of. */
  scan: WordScan | undefined = undefined;

  /** The part `bytes[start, end)`, all of it unless told. The bytes are not copied. */
  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
  }

  /** Its length in bytes. */
  get length(): number {
    return this.end - this.start;
  }

  /** The byte at `index`, or undefined outside the slice. */
  at(index: number): number | undefined {
    const position = index < 0 ? this.end + index : this.start + index;
    return position >= this.start && position < this.end ? this.bytes[position] : undefined;
  }

  /** The part from byte `from` to before byte `to`; both may be negative, as with typed arrays. */
  subarray(from = 0, to: number = this.end - this.start): ByteSlice {
    const length = this.end - this.start;
    const first = clamp(from, length);
    const part = new ByteSlice(
      this.bytes,
      this.start + first,
      this.start + Math.max(first, clamp(to, length)),
    );
    part.scan = this.scan;
    return part;
  }

  /** Where `needle`, a string or one byte, first occurs at or after byte `from`; −1 if nowhere. */
  indexOf(needle: string | number, from = 0): number {
    const found = this.view().indexOf(needle, clamp(from, this.length));
    return found;
  }

  /** Whether the bytes are those of `other`. */
  equals(other: ByteSlice | string): boolean {
    if (typeof other === "string") return this.toString() === other;
    return this.view().equals(other.view());
  }

  /** The bytes, not copied. */
  view(): Buffer {
    const { bytes, start, end } = this;
    return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
  }

  /** A slice of its own copy of the bytes, valid for good. */
  copy(): ByteSlice {
    // Not `slice`, which of a Buffer is no copy.
    return new ByteSlice(new Uint8Array(this.bytes.subarray(this.start, this.end)));
  }

  /** The text; bytes that are not UTF-8 become U+FFFD (lone surrogates in WTF-8 come back). */
  toString(): string {
    return decodeUtf8(this.bytes, this.start, this.end);
  }

  /** The text, as in {@link toString}: what `JSON.stringify` shows of a slice. */
  toJSON(): string {
    return this.toString();
  }
}

function clamp(index: number, length: number): number {
  if (index < 0) return Math.max(0, length + index);
  return Math.min(index, length);
}

/** Text as `emit` takes it. */
export type Text = string | ByteSlice;
