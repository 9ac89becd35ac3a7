/** How much the pool keeps, in bytes. */
const MAX_IDLE_BYTES = 5 * 1024 * 1024;
/** Larger buffers are not kept. */
const MAX_BUFFER_BYTES = 256 * 1024;

const idle: Buffer[] = [];
let idleBytes = 0;

/**
 * Takes a buffer of `size` bytes with any contents. Without a pool, every task would leave megabytes behind,
 * because the garbage collector does not count the memory outside its heap.
 */
export function takeBuffer(size: number): Buffer {
  const index = idle.findLastIndex((buffer) => buffer.length === size);
  const [found] = index < 0 ? [] : idle.splice(index, 1);
  if (found === undefined) return Buffer.allocUnsafeSlow(size);
  idleBytes -= size;
  return found;
}

/** Returns a buffer, which must not be used any more. */
export function giveBuffer(buffer: Buffer): void {
  if (buffer.length === 0 || buffer.length > MAX_BUFFER_BYTES) return;
  idle.push(buffer);
  idleBytes += buffer.length;
  while (idleBytes > MAX_IDLE_BYTES) idleBytes -= idle.shift()?.length ?? 0;
}

let idleLarge: Buffer | undefined;

/**
 * Takes a buffer of at least `size` bytes, for a record longer than a block. One is kept for the next such
 * record, since a few of them as garbage would exceed all other memory. Sizes are rounded up, so that a
 * buffer fits later records; memory that is not written to is free.
 */
export function takeLargeBuffer(size: number): Buffer {
  const found = idleLarge;
  idleLarge = undefined;
  if (found !== undefined && found.length >= size) return found;
  return Buffer.allocUnsafeSlow(2 ** Math.ceil(Math.log2(Math.max(1, size))));
}

/** Returns a large buffer, which must not be used any more. */
export function giveLargeBuffer(buffer: Buffer): void {
  if (idleLarge === undefined || idleLarge.length < buffer.length) idleLarge = buffer;
}
