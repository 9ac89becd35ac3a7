import { copyBytes, viewOf } from "./copy-bytes.ts";

/**
 * Bytes that are appended in place: after `ensure(n)`, bytes[length, length + n) may be written, and `length`
 * raised by the number of bytes written. `ensure` may replace `bytes` and `view` and lower `length`, so they
 * must be read after it.
 */
export interface ByteTarget {
  bytes: Buffer;
  /** The same memory as {@link bytes}. */
  view: DataView;
  length: number;
  ensure(count: number): void;
}

/** A reserve from this size on is shared memory. */
const MIN_SHARED_BYTES = 1024 * 1024;

/**
 * Memory that takes none until it is written to. V8 counts memory that is not shared as used, and would collect
 * garbage because of it.
 */
export function reserve(bytes: number): ArrayBuffer | SharedArrayBuffer {
  return bytes < MIN_SHARED_BYTES ? new ArrayBuffer(bytes) : new SharedArrayBuffer(bytes);
}

/** Bytes in memory that grow at their end. */
export class ByteBuffer implements ByteTarget {
  bytes: Buffer;
  view: DataView;
  length = 0;

  /** @param capacity in bytes; memory that is not written to is free */
  constructor(capacity: number) {
    this.bytes = Buffer.from(reserve(capacity));
    this.view = viewOf(this.bytes);
  }

  ensure(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.bytes.length));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
    this.view = viewOf(grown);
  }
}

/** Appends source[start, end). */
export function appendBytes(
  target: ByteTarget,
  source: Uint8Array,
  start: number,
  end: number,
): void {
  target.ensure(end - start);
  copyBytes(target.view, target.length, source, start, end);
  target.length += end - start;
}

/** Longer strings are encoded by the engine. */
const LOOP_UNITS = 64;

/**
 * Appends a short text of ASCII, faster than the engine does.
 *
 * @returns false, with nothing appended, when the text is longer or is not ASCII
 */
export function appendShortAscii(target: ByteTarget, text: string): boolean {
  const { length } = text;
  if (length > LOOP_UNITS) return false;
  target.ensure(length);
  const { bytes, length: at } = target;
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7f) return false;
    bytes[at + i] = unit;
  }
  target.length = at + length;
  return true;
}
