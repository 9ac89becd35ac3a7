/// <reference types="node" preserve="true" />
import { decodeUtf8 } from "../../base/utf8.ts";
import type { WordScan } from "../text/word-scan.ts";

/**
 * Text as part of a byte array: readers pass it to `map`, and `emit` takes it as well as strings.
 *
 * A slice from a reader or from `words()` is **reused**: the slice and its bytes are valid until the next
 * record or word. To keep one, call {@link copy} or make a string of it.
 */
export class ByteSlice {
  /** The array that the slice is a part of. Do not write to it. */
  bytes: Uint8Array;
  /** Where the slice begins in {@link bytes}. */
  start: number;
  /** Where the slice ends in {@link bytes}: the position after its last byte. */
  end: number;
  /** @internal The index of this word in `scan`; −1 if it is not one of its words. */
  word = -1;
  /** @internal The words of the block that this slice is a part of. */
  scan: WordScan | undefined = undefined;

  /** The part `bytes[start, end)`, by default all of it. The bytes are not copied. */
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

  /** The part [from, to) of the slice. Both may be negative, as in `TypedArray.subarray`. */
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

  /** The position of the first `needle`, a string or one byte, at or after byte `from`; −1 if there is none. */
  indexOf(needle: string | number, from = 0): number {
    return this.view().indexOf(needle, clamp(from, this.length));
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

  /** A slice of a copy of the bytes, which stays valid. */
  copy(): ByteSlice {
    // Buffer.slice would not copy.
    return new ByteSlice(new Uint8Array(this.bytes.subarray(this.start, this.end)));
  }

  /** The text. Bytes that are not UTF-8 become U+FFFD, but lone surrogates in WTF-8 are decoded. */
  toString(): string {
    return decodeUtf8(this.bytes, this.start, this.end);
  }

  /** The same as {@link toString}, for `JSON.stringify`. */
  toJSON(): string {
    return this.toString();
  }
}

function clamp(index: number, length: number): number {
  if (index < 0) return Math.max(0, length + index);
  return Math.min(index, length);
}

/** Text: a string, or a part of a byte array. */
export type Text = string | ByteSlice;
