/**
 * Copies of a few dozen bytes, for which a call into the engine would take longer than the copying. Four
 * bytes are moved at a time: a DataView may be read at any position, and compiles to plain moves.
 */

/** Above this the engine's own copy is faster. */
const CALL_BYTES = 512;

/** The property of a byte array that caches its view: the fastest way to find it. */
const VIEW = Symbol("view");

interface Viewed {
  [VIEW]?: DataView;
}

/** A view of the same bytes, created once. */
export function viewOf(bytes: Uint8Array): DataView {
  const viewed = bytes as Viewed;
  const view = viewed[VIEW];
  if (view !== undefined) return view;
  const made = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  viewed[VIEW] = made;
  return made;
}

/** Copies source[start, end) to `to` in the target, which must have room and not overlap the source. */
export function copyBytes(
  target: DataView,
  to: number,
  source: Uint8Array,
  start: number,
  end: number,
): void {
  if (end - start > CALL_BYTES) {
    const bytes = new Uint8Array(target.buffer, target.byteOffset, target.byteLength);
    bytes.set(source.subarray(start, end), to);
    return;
  }
  const view = viewOf(source);
  let at = start;
  let toward = to;
  for (; at + 4 <= end; at += 4, toward += 4)
    target.setInt32(toward, view.getInt32(at, true), true);
  for (; at < end; at++, toward++) target.setUint8(toward, view.getUint8(at));
}

/**
 * Copies source[start, end) up to the first byte that is not printable ASCII or is a quote or backslash:
 * these bytes stand for themselves in a JSON string.
 *
 * @returns how many bytes were copied
 */
export function copyPlainBytes(
  target: DataView,
  to: number,
  source: Uint8Array,
  start: number,
  end: number,
): number {
  const view = viewOf(source);
  let at = start;
  let toward = to;
  for (; at + 4 <= end; at += 4, toward += 4) {
    const four = view.getInt32(at, true);
    if (hasSpecial(four)) break;
    target.setInt32(toward, four, true);
  }
  for (; at < end; at++, toward++) {
    const byte = view.getUint8(at);
    if (byte < 0x20 || byte > 0x7f || byte === 0x22 || byte === 0x5c) break;
    target.setUint8(toward, byte);
  }
  return at - start;
}

/** The position of the first quote or backslash in view[start, end), or `end`. */
export function findQuoteOrBackslash(view: DataView, start: number, end: number): number {
  let at = start;
  for (; at + 4 <= end; at += 4) {
    const four = view.getInt32(at, true);
    if ((zeroBytes(four ^ 0x22222222) | zeroBytes(four ^ 0x5c5c5c5c)) !== 0) break;
  }
  for (; at < end; at++) {
    const byte = view.getUint8(at);
    if (byte === 0x22 || byte === 0x5c) break;
  }
  return at;
}

/** Whether one of four bytes is a control character, a quote, a backslash, or beyond ASCII. */
function hasSpecial(four: number): boolean {
  const controls = (four - 0x20202020) & ~four;
  const found = four | controls | zeroBytes(four ^ 0x22222222) | zeroBytes(four ^ 0x5c5c5c5c);
  return (found & 0x80808080) !== 0;
}

/** Not 0 if one of four bytes is 0: the upper bit of the lowest such byte, and maybe of higher bytes, is set. */
function zeroBytes(four: number): number {
  return (four - 0x01010101) & ~four & 0x80808080;
}
