/**
 * The table of keys: open addressing over dense entries.
 *
 * A slot is the address of an entry of 32 bytes. Entries are in the order of first sight, so the frequent
 * keys, which come early, share few cache lines:
 *
 *    0  16 bytes  the key, zero-padded; of a key longer than 16 bytes its first 8 bytes,
 *                 then the address of all its bytes as a u64
 *   16  u32       length in bytes
 *   20  u32       hash: its upper bits select the slot
 *   24  u32       id
 *   28  u32       FNV-1a of the key & 0x7fffffff
 */

import {
  allocate,
  allocateChunk,
  CHUNK,
  clearHeap,
  DIRECTORY,
  MASKS,
  release,
} from "./memory";

export const SHORT: u32 = 16;
const ENTRY: usize = 32;
const ENTRIES_PER_CHUNK_BITS: u32 = 15;
const MIN_SLOT_BITS: u32 = 12;
/** The id returned when there is no memory for another key. */
export const FULL: u32 = 0xffffffff;

export let slots: usize = 0;
export let slotShift: u32 = 0;
let slotBits: u32 = 0;
let count: u32 = 0;
let entryTop: usize = 0;
let entryEnd: usize = 0;
let arenaTop: usize = 0;
let arenaEnd: usize = 0;
let arenaUsed: f64 = 0;

/** Empties the table. The number of slots stays suitable for as many keys as before. */
export function resetTable(): void {
  let bits = MIN_SLOT_BITS;
  while ((<u32>1 << (bits - 1)) < count && bits < slotBits) bits++;
  clearHeap();
  count = 0;
  entryTop = entryEnd = arenaTop = arenaEnd = 0;
  arenaUsed = 0;
  slots = allocate(<usize>4 << bits);
  if (slots == 0) unreachable();
  memory.fill(slots, 0, <usize>4 << bits);
  setSlotBits(bits);
}

export function keyCount(): u32 {
  return count;
}

export function tableBytes(): f64 {
  return <f64>count * <f64>ENTRY + <f64>(<usize>4 << slotBits) + arenaUsed;
}

@inline
export function entryOf(id: u32): usize {
  const chunk = load<usize>(DIRECTORY + (<usize>(id >> ENTRIES_PER_CHUNK_BITS) << 2));
  return chunk + <usize>(id & ((1 << ENTRIES_PER_CHUNK_BITS) - 1)) * ENTRY;
}

export function keyAddress(id: u32): usize {
  const entry = entryOf(id);
  return load<u32>(entry, 16) <= SHORT ? entry : <usize>load<u32>(entry, 8);
}

export function keyLength(id: u32): u32 {
  return load<u32>(entryOf(id), 16);
}

export function keyHash(id: u32): u32 {
  return load<u32>(entryOf(id), 28);
}

/** Random numbers, without which no one can find many keys of one hash; see `mix` and `hashLong`. */
let seed0: u64 = 0;
let seed1: u64 = 0;
export let laneSeeds: v128 = i64x2.splat(0);
export let multiplier: u64 = 1;

/** Takes the seeds, 40 random bytes at `address`. Called once, before the first key. */
export function setSeeds(address: usize): void {
  seed0 = load<u64>(address);
  seed1 = load<u64>(address, 8);
  laneSeeds = v128.load(address, 16);
  multiplier = load<u64>(address, 32) | 1;
}

/**
 * The hash of a key of at most 16 bytes, zero-padded: NH of its four lanes (Black and others, "UMAC: Fast and
 * Secure Message Authentication"), whose 64 bits a multiplication reduces (Dietzfelbinger and others, "A Reliable
 * Randomized Algorithm for the Closest-Pair Problem"). With random seeds, two different keys have the same upper n
 * bits with a probability of at most 2^(1-n) + 2^-32.
 *
 * @param s laneSeeds
 * @param m multiplier, which is odd
 */
@inline
export function mix(key: v128, s: v128, m: u64): u32 {
  const sums = i32x4.add(key, s);
  const products = i64x2.extmul_low_i32x4_u(sums, i32x4.shuffle(sums, sums, 2, 3, 2, 3));
  const nh = i64x2.extract_lane(products, 0) + i64x2.extract_lane(products, 1);
  return <u32>((<u64>nh * m) >> 32);
}

/** The id of the key of `length` bytes at `key`; 16 bytes there must be readable. */
export function intern(key: usize, length: u32): u32 {
  if (length > SHORT) return internLong(key, length);
  const masks = MASKS + (<usize>length << 4);
  const lanes = v128.and(v128.load(key), v128.load(masks));
  const lo = i64x2.extract_lane(lanes, 0);
  const hi = i64x2.extract_lane(lanes, 1);
  return internShort(lo, hi, length, mix(lanes, laneSeeds, multiplier));
}

/** The id of a key of at most 16 bytes, given as two zero-padded lanes. */
export function internShort(lo: u64, hi: u64, length: u32, hash: u32): u32 {
  const mask = (<usize>1 << slotBits) - 1;
  let at = <usize>(hash >> slotShift);
  while (true) {
    const entry = load<usize>(slots + (at << 2));
    if (entry == 0) break;
    if (load<u64>(entry) == lo && load<u64>(entry, 8) == hi && load<u32>(entry, 16) == length) {
      return load<u32>(entry, 24);
    }
    at = (at + 1) & mask;
  }
  const entry = addEntry(length, hash, at);
  if (entry == 0) return FULL;
  store<u64>(entry, lo);
  store<u64>(entry, hi, 8);
  store<u32>(entry, fnv(entry, length), 28);
  return finish(entry);
}

export function internLong(key: usize, length: u32): u32 {
  const hash = hashLong(key, length);
  const mask = (<usize>1 << slotBits) - 1;
  let at = <usize>(hash >> slotShift);
  while (true) {
    const entry = load<usize>(slots + (at << 2));
    if (entry == 0) break;
    if (load<u32>(entry, 20) == hash && load<u32>(entry, 16) == length) {
      if (memory.compare(<usize>load<u32>(entry, 8), key, length) == 0) return load<u32>(entry, 24);
    }
    at = (at + 1) & mask;
  }
  const bytes = allocateBytes(<usize>length);
  if (bytes == 0) return FULL;
  const entry = addEntry(length, hash, at);
  if (entry == 0) return FULL;
  memory.copy(bytes, key, length);
  store<u64>(entry, load<u64>(key));
  store<u64>(entry, <u64>bytes, 8);
  store<u32>(entry, fnv(bytes, length), 28);
  return finish(entry);
}

/**
 * SipHash-1-3 (Aumasson and Bernstein), its upper half, with a last word that differs: the last eight bytes of the
 * key, which may overlap the word before, and then its length.
 */
function hashLong(key: usize, length: u32): u32 {
  let v0 = seed0 ^ 0x736f6d6570736575;
  let v1 = seed1 ^ 0x646f72616e646f6d;
  let v2 = seed0 ^ 0x6c7967656e657261;
  let v3 = seed1 ^ 0x7465646279746573;
  const words = (length + 7) >> 3;
  const last = key + <usize>length - 8;
  // The key, its length, and three rounds of finalization.
  for (let step: u32 = 0; step < words + 4; step++) {
    let word: u64 = 0;
    if (step < words) word = load<u64>(min(key + (<usize>step << 3), last));
    else if (step == words) word = <u64>length;
    else if (step == words + 1) v2 ^= 0xff;
    v3 ^= word;
    v0 += v1;
    v2 += v3;
    v1 = rotl(v1, 13) ^ v0;
    v3 = rotl(v3, 16) ^ v2;
    v0 = rotl(v0, 32);
    v2 += v1;
    v0 += v3;
    v1 = rotl(v1, 17) ^ v2;
    v3 = rotl(v3, 21) ^ v0;
    v2 = rotl(v2, 32);
    v0 ^= word;
  }
  return <u32>((v0 ^ v1 ^ v2 ^ v3) >> 32);
}

/** FNV-1a, 32 bits, of which 31 are kept: the hash the lab partitions by. */
function fnv(bytes: usize, length: u32): u32 {
  let hash: u32 = 0x811c9dc5;
  for (let i: usize = 0; i < <usize>length; i++) {
    hash = (hash ^ <u32>load<u8>(bytes + i)) * 0x01000193;
  }
  return hash & 0x7fffffff;
}

/**
 * A new entry in slot `at`; 0 when there is no memory for it, or only one slot in eight is free and there is
 * no memory for more. `finish` must follow.
 */
function addEntry(length: u32, hash: u32, at: usize): usize {
  if (count >= <u32>7 << (slotBits - 3)) return 0;
  if (entryTop == entryEnd) {
    const chunk = allocateChunk();
    if (chunk == 0) return 0;
    store<usize>(DIRECTORY + (<usize>(count >> ENTRIES_PER_CHUNK_BITS) << 2), chunk);
    entryTop = chunk;
    entryEnd = chunk + CHUNK;
  }
  const entry = entryTop;
  store<u32>(entry, length, 16);
  store<u32>(entry, hash, 20);
  store<u32>(entry, count, 24);
  store<usize>(slots + (at << 2), entry);
  return entry;
}

/** Counts the new entry, and grows the slots when more than half of them are taken. */
function finish(entry: usize): u32 {
  const id = count++;
  entryTop = entry + ENTRY;
  if (count > <u32>1 << (slotBits - 1)) growSlots();
  return id;
}

/** Doubles the number of slots. Without memory for that, the table continues, but slower. */
function growSlots(): void {
  const old = slots;
  const oldSize = <usize>4 << slotBits;
  const size = oldSize << 1;
  const grown = slotBits < 29 ? allocate(size) : 0;
  if (grown == 0) return;
  memory.fill(grown, 0, size);
  slots = grown;
  setSlotBits(slotBits + 1);
  const mask = (<usize>1 << slotBits) - 1;
  for (let id: u32 = 0; id < count; id++) {
    const entry = entryOf(id);
    let at = <usize>(load<u32>(entry, 20) >> slotShift);
    while (load<usize>(grown + (at << 2)) != 0) at = (at + 1) & mask;
    store<usize>(grown + (at << 2), entry);
  }
  release(old, oldSize);
}

function setSlotBits(bits: u32): void {
  slotBits = bits;
  slotShift = 32 - bits;
}

/** Room for the bytes of a long key, and for 16-byte loads at its end. */
function allocateBytes(size: usize): usize {
  if (size > CHUNK / 4) {
    arenaUsed += <f64>size;
    return allocate(size + 16);
  }
  if (size + 16 > arenaEnd - arenaTop) {
    const chunk = allocateChunk();
    if (chunk == 0) return 0;
    arenaTop = chunk;
    arenaEnd = chunk + CHUNK;
  }
  const address = arenaTop;
  arenaTop += size;
  arenaUsed += <f64>size;
  return address;
}
