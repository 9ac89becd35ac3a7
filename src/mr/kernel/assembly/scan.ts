/** Finds the words of the block, 64 bytes at a time, and interns them. */

import { join, writePositions } from "./bits";
import { lettersBeyondAscii, resetCarried } from "./letters";
import { BLOCK, MASKS, MISSES } from "./memory";
import { FULL, intern, laneSeeds, mix, multiplier, SHORT, slotShift, slots } from "./table";

/**
 * The number of bytes that are searched for word edges before their words are interned. Both fit into L1.
 * MISSES holds half as many words.
 */
const SEGMENT: usize = 4096;

let ids: usize = 0;
let starts: usize = 0;
let ends: usize = 0;
let startCount: u32 = 0;
let endCount: u32 = 0;
/** 1 when the last byte scanned belongs to a word. */
let inWord: u64 = 0;

export function openScan(idsAt: usize, startsAt: usize, endsAt: usize): void {
  ids = idsAt;
  starts = startsAt;
  ends = endsAt;
}

/** Interns what /\p{L}+/gu finds in block[start, end). @returns the number of words, or FULL */
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

/** Appends the beginnings and ends of the words in [from, to) to `starts` and `ends`. */
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
    if (i8x16.bitmask(v128.or(v128.or(v0, v1), v128.or(v2, v3))) != 0) {
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

/** The bits of the bytes that are A-Z or a-z. Moved so that `a` is -128: compared with sign. */
@inline
function asciiLetters(v: v128): i32 {
  const lower = v128.or(v, i8x16.splat(0x20));
  const fromA = i8x16.sub(lower, i8x16.splat(<i8>(0x61 - 128)));
  return i8x16.bitmask(i8x16.lt_s(fromA, i8x16.splat(-128 + 26)));
}

/** Interns words [from, to). */
function internWords(from: u32, to: u32): bool {
  const missed = findWords(<usize>from << 2, <usize>to << 2);
  for (let miss = MISSES; miss < missed; miss += 4) {
    const i = load<usize>(miss);
    const start = load<u32>(starts + i);
    const id = intern(BLOCK + <usize>start, load<u32>(ends + i) - start);
    if (id == FULL) return false;
    store<u32>(ids + i, id);
  }
  return true;
}

/**
 * Looks up words in their first slot, where most of them are. The loop has no branch and no call; it lists
 * the words that are new, too long, or in another slot.
 *
 * A word too long for a lane is compared by its first bytes only, and never equals an entry: entries of long
 * keys have zeros where the word has letters.
 * @param from four times the index of the first word
 * @param to four times the index after the last
 * @returns the end of MISSES, which holds four times the index of each word not found
 */
function findWords(from: usize, to: usize): usize {
  const startsAt = starts;
  const endsAt = ends;
  const idsAt = ids;
  const slotsAt = slots;
  const shift = slotShift;
  const seeds = laneSeeds;
  const factor = multiplier;
  let missed = MISSES;
  for (let i = from; i < to; i += 4) {
    const start = <usize>load<u32>(startsAt + i);
    const length = load<u32>(endsAt + i) - <u32>start;
    const mask = v128.load(<usize>min(length, SHORT) << 4, MASKS);
    const key = v128.and(v128.load(start, BLOCK), mask);
    const hash = mix(key, seeds, factor);
    const entry = load<usize>(slotsAt + (<usize>(hash >> shift) << 2));
    store<u32>(idsAt + i, load<u32>(entry, 24));
    store<usize>(missed, i);
    const differs = <u32>v128.any_true(v128.xor(v128.load(entry), key));
    missed += <usize>(differs | <u32>(load<u32>(entry, 16) != length)) << 2;
  }
  return missed;
}
