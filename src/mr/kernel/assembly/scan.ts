/** Finds the words of the block, 64 bytes at a time, and interns them. */

import { carriedBytes, lettersBeyondAscii, resetCarried } from "./letters";
import { BLOCK, MASKS } from "./memory";
import { FULL, internLong, internShort, mix, SHORT, slotShift, slots } from "./table";

/** How much text is searched for word edges before its words are interned, so that both stay in L1. */
const SEGMENT: usize = 4096;

let ids: usize = 0;
let starts: usize = 0;
let ends: usize = 0;
let startCount: u32 = 0;
let endCount: u32 = 0;
/** 1 when the last byte looked at belongs to a word. */
let inWord: u64 = 0;

/** Sets where the words go. */
export function openScan(idsAt: usize, startsAt: usize, endsAt: usize): void {
  ids = idsAt;
  starts = startsAt;
  ends = endsAt;
}

/**
 * Interns the words of block[start, end): what /\p{L}+/gu finds in it.
 * @returns how many, or FULL when there was no memory for a new key
 */
export function scanWords(start: u32, end: u32): u32 {
  const limit = BLOCK + <usize>end;
  startCount = 0;
  endCount = 0;
  inWord = 0;
  resetCarried();
  let interned: u32 = 0;
  for (let at = BLOCK + <usize>start; at < limit; at += SEGMENT) {
    const segmentEnd = min(at + SEGMENT, limit);
    findEdges(at, segmentEnd, limit);
    if (segmentEnd == limit && inWord != 0) {
      store<u32>(ends + (<usize>endCount << 2), end);
      endCount++;
    }
    if (!internWords(interned, endCount)) return FULL;
    interned = endCount;
  }
  return endCount;
}

/** Appends where words begin and end in [from, to) to `starts` and `ends`. */
function findEdges(from: usize, to: usize, limit: usize): void {
  let startAt = starts + (<usize>startCount << 2);
  let endAt = ends + (<usize>endCount << 2);
  let before = inWord;
  for (let at = from; at < to; at += 64) {
    const v0 = v128.load(at);
    const v1 = v128.load(at, 16);
    const v2 = v128.load(at, 32);
    const v3 = v128.load(at, 48);
    let letters = join(asciiLetters(v0), asciiLetters(v1), asciiLetters(v2), asciiLetters(v3));
    let valid: u64 = <u64>-1;
    if (to - at < 64) {
      valid = (<u64>1 << <u64>(to - at)) - 1;
      letters &= valid;
    }
    if (v128.any_true(i8x16.lt_s(v128.or(v128.or(v0, v1), v128.or(v2, v3)), i8x16.splat(0)))) {
      const high = join(i8x16.bitmask(v0), i8x16.bitmask(v1), i8x16.bitmask(v2), i8x16.bitmask(v3));
      letters |= lettersBeyondAscii(at, high & valid, limit) & valid;
    }
    const shifted = (letters << 1) | before;
    before = letters >> 63;
    const base = <u32>(at - BLOCK);
    startAt = writePositions(startAt, letters & ~shifted, base);
    endAt = writePositions(endAt, shifted & ~letters, base);
  }
  inWord = before;
  startCount = <u32>((startAt - starts) >> 2);
  endCount = <u32>((endAt - ends) >> 2);
}

/** Sets the bytes that are A-Z or a-z. */
@inline
function asciiLetters(v: v128): i32 {
  const lower = v128.or(v, i8x16.splat(0x20));
  const fromA = i8x16.sub(lower, i8x16.splat(0x61));
  return i8x16.bitmask(i8x16.lt_u(fromA, i8x16.splat(26)));
}

@inline
function join(b0: i32, b1: i32, b2: i32, b3: i32): u64 {
  const low = <u32>b0 | (<u32>b1 << 16);
  const high = <u32>b2 | (<u32>b3 << 16);
  return <u64>low | (<u64>high << 32);
}

/**
 * Writes the positions of the set bits. Eight are written at once whether there are so many or not,
 * which spares a branch nobody can predict; the next call overwrites the surplus.
 */
@inline
function writePositions(to: usize, bits: u64, base: u32): usize {
  const next = to + (<usize>popcnt(bits) << 2);
  while (true) {
    for (let i = 0; i < 8; i++) {
      store<u32>(to + (i << 2), base + <u32>ctz(bits));
      bits &= bits - 1;
    }
    if (bits == 0) return next;
    to += 32;
  }
}

/** Interns words [from, to). */
function internWords(from: u32, to: u32): bool {
  let slotsNow = slots;
  let shiftNow = slotShift;
  const last = <usize>to << 2;
  for (let i = <usize>from << 2; i < last; i += 4) {
    const start = load<u32>(starts + i);
    const length = load<u32>(ends + i) - start;
    const key = BLOCK + <usize>start;
    let id: u32;
    if (length <= SHORT) {
      const masks = MASKS + (<usize>length << 4);
      const lo = load<u64>(key) & load<u64>(masks);
      const hi = load<u64>(key, 8) & load<u64>(masks, 8);
      const hash = mix(lo, hi);
      const entry = load<usize>(slotsNow + (<usize>(hash >> shiftNow) << 2));
      const wrong = (load<u64>(entry) ^ lo) | (load<u64>(entry, 8) ^ hi);
      if ((wrong | <u64>(load<u32>(entry, 16) ^ length)) == 0) {
        store<u32>(ids + i, load<u32>(entry, 24));
        continue;
      }
      id = internShort(lo, hi, length, hash);
    } else {
      id = internLong(key, length);
    }
    if (id == FULL) return false;
    slotsNow = slots;
    shiftNow = slotShift;
    store<u32>(ids + i, id);
  }
  return true;
}
