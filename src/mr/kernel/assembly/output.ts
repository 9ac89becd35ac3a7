/** Writes bytes and JSON strings to the output. */

import { decode, NOT_UTF8, widthOf } from "./utf8";

const QUOTE: u32 = 0x22;
const BACKSLASH: u32 = 0x5c;
/** Returned instead of an address for bytes that are not UTF-8. */
const NOWHERE: usize = 0;

/** Copies [from, to), sixteen bytes a step, some past the end. @returns the address after the copy */
export function copyBytes(from: usize, to: usize, target: usize): usize {
  const move = target - from;
  for (let at = from; at < to; at += 16) v128.store(at + move, v128.load(at));
  return to + move;
}

/** Whether [from, to) is ASCII only. Like copyBytes, it reads bytes past the end. */
export function isAscii(from: usize, to: usize): bool {
  for (let at = from; at < to; at += 16) {
    const beyond = i8x16.bitmask(v128.load(at));
    if (ctz(beyond | 0x10000) < <i32>min(to - at, 16)) return false;
  }
  return true;
}

/**
 * Writes [from, to) as a JSON string: the one that JSON.stringify makes of the decoded text. It writes up to
 * six bytes for each byte, two quotes, and sixteen bytes past the end.
 * @returns the address after the string; NOWHERE when the bytes are not UTF-8
 */
export function quoteBytes(from: usize, to: usize, target: usize): usize {
  store<u8>(target++, QUOTE);
  while (from < to) {
    const v = v128.load(from);
    v128.store(target, v);
    // Bytes beyond ASCII are negative here.
    const low = i8x16.lt_s(v, i8x16.splat(0x20));
    const quote = i8x16.eq(v, i8x16.splat(<i8>QUOTE));
    const special = v128.or(v128.or(low, quote), i8x16.eq(v, i8x16.splat(<i8>BACKSLASH)));
    const plain = min(<usize>ctz(i8x16.bitmask(special) | 0x10000), to - from);
    from += plain;
    target += plain;
    if (plain == 16 || from == to) continue;
    const byte = <u32>load<u8>(from);
    if (byte < 0x80) {
      target = escape(byte, target);
      from++;
      continue;
    }
    const codePoint = decode(from, to);
    if (codePoint == NOT_UTF8) return NOWHERE;
    store<u32>(target, load<u32>(from));
    from += <usize>widthOf(codePoint);
    target += <usize>widthOf(codePoint);
  }
  store<u8>(target, QUOTE);
  return target + 1;
}

function escape(byte: u32, target: usize): usize {
  const letter = shortEscape(byte);
  if (letter != 0) {
    store<u16>(target, <u16>(BACKSLASH | (letter << 8)));
    return target + 2;
  }
  // "\u00", then two hexadecimal digits, the first 0 or 1.
  store<u32>(target, 0x3030755c);
  const digit = byte & 0x0f;
  store<u8>(target, <u8>(0x30 + (byte >> 4)), 4);
  store<u8>(target, <u8>(digit < 10 ? 0x30 + digit : 0x57 + digit), 5);
  return target + 6;
}

/** The second character of the two-character escape of a byte, or 0 if it has none. */
function shortEscape(byte: u32): u32 {
  switch (byte) {
    case QUOTE:
    case BACKSLASH:
      return byte;
    case 8:
      return 0x62;
    case 9:
      return 0x74;
    case 10:
      return 0x6e;
    case 12:
      return 0x66;
    case 13:
      return 0x72;
    default:
      return 0;
  }
}
