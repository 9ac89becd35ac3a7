/** No more than this is kept for later, in bytes. */
const MAX_IDLE_BYTES = 5 * 1024 * 1024;
/** Larger buffers are given back to the system. */
const MAX_BUFFER_BYTES = 256 * 1024;

const idle: Buffer[] = [];
let idleBytes = 0;

/**
 * A buffer of `size` bytes, whatever is in them. One task after the other needs the same ones, and the
 * garbage collector sees no reason to hurry for what is hardly anything to it: without a pool, each task
 * leaves megabytes behind.
 */
export function takeBuffer(size: number): Buffer {
  const index = idle.findLastIndex((buffer) => buffer.length === size);
  const [found] = index < 0 ? [] : idle.splice(index, 1);
  if (found === undefined) return Buffer.allocUnsafeSlow(size);
  idleBytes -= size;
  return found;
}

/** Takes a buffer back that nobody reads or writes any more. */
export function giveBuffer(buffer: Buffer): void {
  if (buffer.length === 0 || buffer.length > MAX_BUFFER_BYTES) return;
  idle.push(buffer);
  idleBytes += buffer.length;
  while (idleBytes > MAX_IDLE_BYTES) idleBytes -= idle.shift()?.length ?? 0;
}

let idleLarge: Buffer | undefined;

/**
 * A buffer of `size` bytes or more, for a record that is larger than what is usually read at a time. One is
 * kept for the next such record, since a few of them as garbage would be more than all other memory.
 * More is asked for than is needed, so that it serves for others: what is never written to costs nothing.
 */
export function takeLargeBuffer(size: number): Buffer {
  const found = idleLarge;
  idleLarge = undefined;
  if (found !== undefined && found.length >= size) return found;
  return Buffer.allocUnsafeSlow(2 ** Math.ceil(Math.log2(Math.max(1, size))));
}

/** Takes a large buffer back that nobody reads or writes any more. */
export function giveLargeBuffer(buffer: Buffer): void {
  if (idleLarge === undefined || idleLarge.length < buffer.length) idleLarge = buffer;
}
