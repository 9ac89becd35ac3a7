/**
 * Pairs of a key and a value in the order in which they were emitted, each as the JSON texts of a run. They
 * are sorted by their keys and written as lines.
 *
 * A pair is the address of:
 *
 *    0  u32  offset of the bytes of the key from this address
 *    4  u32  length of the key
 *    8  u32  length of the key's text
 *   12  u32  length of the value's text
 *   16  u32  1 for a byte slice, 0 for any other value
 *   20  u32  the next pair, 0 after the last
 *   24       the key's text, the value's text, and the key itself where it is not part of its text
 */

import { allocate, CHUNK } from "./memory";
import { copyBytes, quoteBytes } from "./output";
import { sortPairs as sortPairsInto } from "./sort";
import { FULL } from "./table";

const HEADER: usize = 24;
/** Copies may write this many bytes past their end. */
const SLACK: usize = 64;
/** The additional bytes of a pair while pairs are sorted. */
const SORT_BYTES: usize = 16;
/** `[`, `]`, line feed, two commas, a sign, and a count. */
const LINE_MARKS: usize = 16;
/** A group continues in another line when its line is longer than this. */
const LINE_BYTES: usize = 64 * 1024;
const FNV_OFFSET: u32 = 0x811c9dc5;
const FNV_PRIME: u32 = 0x01000193;

let first: usize = 0;
let last: usize = 0;
let count: u32 = 0;
let top: usize = 0;
let end: usize = 0;
let used: f64 = 0;
/** The address of the pairs in the order in which they are written. */
let order: usize = 0;
/** The end of the last output. */
export let written: usize = 0;

export function resetPairs(): void {
  first = last = top = end = order = 0;
  count = 0;
  used = 0;
}

export function pairCount(): u32 {
  return count;
}

/** The size of the pairs in bytes, including the memory for sorting them. */
export function pairBytes(): f64 {
  return used;
}

/** Room for a pair with `size` bytes of text and key; 0 when there is no memory for it. */
function reserve(size: usize): usize {
  const needed = HEADER + size + SLACK;
  if (needed > end - top) {
    const region = max(needed, CHUNK);
    const address = allocate(region);
    if (address == 0) return 0;
    // The rest of the last region stays unused, unless this one follows it.
    if (address != end) top = address;
    end = address + region;
  }
  return top;
}

/** The pair at `top` is complete and ends at `to`. */
function append(to: usize): void {
  const pair = top;
  store<u32>(pair, 0, 20);
  if (last == 0) first = pair;
  else store<u32>(last, <u32>pair, 20);
  last = pair;
  count++;
  used += <f64>(to - pair + SORT_BYTES);
  top = to;
}

/** Appends two byte strings, quoted. @returns 1, FULL, or 0 with nothing appended if one is not UTF-8 */
export function appendPair(key: usize, keyLength: u32, value: usize, valueLength: u32): u32 {
  // Every byte may become an escape of six, and the key may have to be kept in addition to its text.
  const pair = reserve(<usize>keyLength * 7 + <usize>valueLength * 6 + 4);
  if (pair == 0) return FULL;
  const keyText = pair + HEADER;
  const valueText = quoteBytes(key, key + <usize>keyLength, keyText);
  if (valueText == 0) return 0;
  let to = quoteBytes(value, value + <usize>valueLength, valueText);
  if (to == 0) return 0;
  let keyOffset: usize = HEADER + 1;
  const keyTextLength = valueText - keyText;
  store<u32>(pair, <u32>(to - valueText), 12);
  if (keyTextLength != <usize>keyLength + 2) {
    keyOffset = to - pair;
    to = copyBytes(key, key + <usize>keyLength, to);
  }
  store<u32>(pair, <u32>keyOffset);
  store<u32>(pair, keyLength, 4);
  store<u32>(pair, <u32>keyTextLength, 8);
  store<u32>(pair, 1, 16);
  append(to);
  return 1;
}

/**
 * Appends a pair. At `texts` are the text of the key, the text of the value, and the key.
 * @returns 1, or FULL
 */
export function appendTexts(
  texts: usize,
  keyTextLength: u32,
  valueTextLength: u32,
  keyLength: u32,
  isBytes: u32,
): u32 {
  const size = <usize>keyTextLength + <usize>valueTextLength + <usize>keyLength;
  const pair = reserve(size);
  if (pair == 0) return FULL;
  memory.copy(pair + HEADER, texts, size);
  store<u32>(pair, <u32>(HEADER + size) - keyLength);
  store<u32>(pair, keyLength, 4);
  store<u32>(pair, keyTextLength, 8);
  store<u32>(pair, valueTextLength, 12);
  store<u32>(pair, isBytes, 16);
  append(pair + HEADER + size);
  return 1;
}

/**
 * Sorts all pairs by their keys' bytes; pairs of one key keep the order in which they were appended.
 * @returns the address of the order, which may be changed until the pairs are written; 0 when there is
 *   no memory for it
 */
export function sortPairs(): usize {
  order = sortPairsInto(first, count);
  return order;
}

/** The address of a pair's key. */
@inline
export function pairKey(pair: usize): usize {
  return pair + <usize>load<u32>(pair);
}

@inline
export function pairKeyLength(pair: usize): u32 {
  return load<u32>(pair, 4);
}

@inline
export function nextPair(pair: usize): usize {
  return <usize>load<u32>(pair, 20);
}

/** FNV-1a of a pair's key & 0x7fffffff. */
export function pairHash(pair: usize): u32 {
  let hash = FNV_OFFSET;
  const key = pairKey(pair);
  const to = key + <usize>pairKeyLength(pair);
  for (let at = key; at < to; at++) hash = (hash ^ <u32>load<u8>(at)) * FNV_PRIME;
  return hash & 0x7fffffff;
}

/** Writes pairs [from, to) of the order as whole lines. @returns the first that did not fit, or `to` */
export function writePairs(from: u32, to: u32, output: usize, limit: usize): u32 {
  let out = output;
  let previous: usize = 0;
  let lineStart = output;
  let at = from;
  while (at < to) {
    const pair = pairAt(at);
    const isSameKey = previous != 0 && haveEqualKeys(pair, previous);
    const keyTextLength = <usize>load<u32>(pair, 8);
    const valueTextLength = <usize>load<u32>(pair, 12);
    if (out + keyTextLength + valueTextLength + LINE_MARKS > limit) break;
    let next = at + 1;
    while (next < to && haveEqualTexts(pair, pairAt(next))) next++;
    const texts = pair + HEADER;
    if (isSameKey && out - lineStart <= LINE_BYTES) {
      // The line continues: overwrite its end.
      out -= 2;
    } else {
      lineStart = out;
      store<u8>(out++, 0x5b);
      out = copyBytes(texts, texts + keyTextLength, out);
    }
    store<u8>(out++, 0x2c);
    if (load<u32>(pair, 16) != 0) store<u8>(out++, 0x2d);
    out = writeCount(next - at, out);
    store<u8>(out++, 0x2c);
    const value = texts + keyTextLength;
    out = copyBytes(value, value + valueTextLength, out);
    store<u16>(out, 0x0a5d);
    out += 2;
    previous = pair;
    at = next;
  }
  written = out;
  return at;
}

@inline
function pairAt(index: u32): usize {
  return <usize>load<u32>(order + (<usize>index << 2));
}

function haveEqualKeys(a: usize, b: usize): bool {
  const length = pairKeyLength(a);
  if (length != pairKeyLength(b)) return false;
  return memory.compare(pairKey(a), pairKey(b), <usize>length) == 0;
}

/** Whether two pairs are written alike. */
function haveEqualTexts(a: usize, b: usize): bool {
  if (load<u64>(a, 8) != load<u64>(b, 8) || load<u32>(a, 16) != load<u32>(b, 16)) return false;
  const length = <usize>load<u32>(a, 8) + <usize>load<u32>(a, 12);
  return memory.compare(a + HEADER, b + HEADER, length) == 0;
}

function writeCount(number: u32, target: usize): usize {
  if (number < 10) {
    store<u8>(target, <u8>(0x30 + number));
    return target + 1;
  }
  let digits: usize = 0;
  for (let rest = number; rest > 0; rest /= 10) digits++;
  let rest = number;
  for (let at = target + digits - 1; at >= target; at--) {
    store<u8>(at, <u8>(0x30 + (rest % 10)));
    rest /= 10;
  }
  return target + digits;
}
