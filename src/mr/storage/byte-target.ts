/**
 * Where bytes are appended in place: after `ensure(n)`, `bytes[length]` … `bytes[length + n - 1]` may be
 * written, and `length` be raised by what was. `ensure` may replace `bytes` and lower `length`, so both
 * are read after it.
 */
export interface ByteTarget {
  bytes: Buffer;
  length: number;
  ensure(count: number): void;
}

/** Bytes in memory that grow at their end. */
export class ByteBuffer implements ByteTarget {
  bytes: Buffer;
  length = 0;

  /** @param capacity in bytes; memory that is never written to costs nothing */
  constructor(capacity: number) {
    this.bytes = Buffer.allocUnsafeSlow(capacity);
  }

  ensure(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.bytes.length));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }
}

/** Appends source[start, end). */
export function appendBytes(
  target: ByteTarget,
  source: Uint8Array,
  start: number,
  end: number,
): void {
  const count = end - start;
  target.ensure(count);
  const { bytes, length } = target;
  // A call that copies costs more than copying what is short.
  if (count > LOOP_BYTES) bytes.set(source.subarray(start, end), length);
  else for (let i = 0; i < count; i++) bytes[length + i] = source[start + i] ?? 0;
  target.length = length + count;
}

const LOOP_BYTES = 64;
