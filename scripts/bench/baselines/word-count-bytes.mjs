// @ts-nocheck: written by hand for one engine; types would ask for checks that cost time.
// The fastest known single-threaded word count in plain JavaScript, with which P2 is compared.
// Usage: node word-count-bytes.mjs OUTPUT INPUT…      (writes `word count` lines in byte order)
//
// Words are the runs of /\p{L}+/gu. Per block of input:
//  1. the letters of 32 bytes at a time become the bits of one integer, four bytes an operation
//     (SWAR); its 0/1 changes are the starts and ends of words, written to a list without a branch
//     that depends on the text;
//  2. each word is two masked 4-byte loads, a multiplicative hash of them, and one probe of an
//     open-addressing table of integers. Only words over eight bytes are compared byte by byte.
// Of the variants tried (docs/performance.md has the times): byte loop with FNV-1a, SWAR word by
// word with and without branches, this one; blocks of 64 kB to 1 MB; 2^15 to 2^17 slots.
import { closeSync, openSync, readSync, writeFileSync } from "node:fs";

const [output, ...inputs] = process.argv.slice(2);

const BLOCK_BYTES = 1 << 16;
const GROUP_BYTES = 32;
const LONGEST_WORD_BYTES = 1 << 16;
// The compiler builds the addresses of arrays that are never replaced into the code, which saves a tenth
// of the time. So all arrays have a fixed size, and larger inputs are refused.
const bytes = new Uint8Array(LONGEST_WORD_BYTES + BLOCK_BYTES + 2 * GROUP_BYTES);
const view = new DataView(bytes.buffer);
const quads = new Int32Array(bytes.buffer);
const edges = new Int32Array(bytes.length + GROUP_BYTES);

// A slot has the first four bytes of the word, the next four, its length and its count; 0 is free.
const SLOT_INTS = 4;
const SLOTS = 1 << 16;
const MAX_WORDS = (SLOTS * 3) / 4;
const slots = new Int32Array(SLOTS * SLOT_INTS);
const offsets = new Int32Array(SLOTS);
const arena = new Uint8Array(1 << 23);
let arenaEnd = 0;
let used = 0;

const FIRST_MASK = new Int32Array([0, 0xff, 0xffff, 0xffffff, -1, -1, -1, -1, -1]);
const SECOND_MASK = new Int32Array([0, 0, 0, 0, 0, 0xff, 0xffff, 0xffffff, -1]);

for (const input of inputs) {
  countFile(input);
}
writeFileSync(output, report());

function countFile(path) {
  const file = openSync(path, "r");
  let held = 0;
  for (;;) {
    const got = readSync(file, bytes, held, BLOCK_BYTES, null);
    const end = held + got;
    // Only whole words are counted: what follows the last ASCII separator waits for its rest.
    const cut = got === 0 ? end : afterLastSeparator(end);
    const rest = bytes.slice(cut, end);
    if (rest.length > LONGEST_WORD_BYTES) {
      throw new Error(`Cannot count "${path}": a word is longer than ${LONGEST_WORD_BYTES} bytes`);
    }
    bytes.fill(0x20, cut, cut + 2 * GROUP_BYTES);
    countWords(findEdges(cut));
    bytes.set(rest);
    held = rest.length;
    if (got === 0) {
      break;
    }
  }
  closeSync(file);
}

function afterLastSeparator(end) {
  let cut = end;
  while (cut > 0 && (isAsciiLetter(bytes[cut - 1]) || bytes[cut - 1] >= 0x80)) {
    cut--;
  }
  return cut;
}

function isAsciiLetter(byte) {
  return ((byte | 0x20) - 97) >>> 0 < 26;
}

function countWords(edgeCount) {
  for (let edge = 0; edge < edgeCount; edge += 2) {
    const start = edges[edge];
    const length = edges[edge + 1] - start;
    const masked = Math.min(length, 8);
    const first = view.getInt32(start, true) & FIRST_MASK[masked];
    const second = view.getInt32(start + 4, true) & SECOND_MASK[masked];
    count(start, length, first, second);
  }
}

function count(start, length, first, second) {
  let hash = Math.imul(first, 0x9e3779b1) ^ Math.imul(second, 0x85ebca77);
  if (length > 8) {
    hash = Math.imul(hash ^ view.getInt32(start + length - 4, true), 0x27d4eb2f) + length;
  }
  let slot = ((hash ^ (hash >>> 15)) & (SLOTS - 1)) * SLOT_INTS;
  for (;;) {
    if (
      slots[slot] === first &&
      slots[slot + 1] === second &&
      slots[slot + 2] === length &&
      (length <= 8 || sameTail(offsets[slot >> 2], start, length))
    ) {
      slots[slot + 3]++;
      return;
    }
    if (slots[slot + 3] === 0) {
      insert(slot, start, length, first, second);
      return;
    }
    slot = (slot + SLOT_INTS) & (SLOTS * SLOT_INTS - 1);
  }
}

/** Writes start, end, start, end … of the words before `end` to `edges`; returns how many. */
function findEdges(end) {
  let found = 0;
  let carry = 0;
  for (let quad = 0; quad << 2 <= end; quad += 8) {
    const a = quads[quad];
    const b = quads[quad + 1];
    const c = quads[quad + 2];
    const d = quads[quad + 3];
    const e = quads[quad + 4];
    const f = quads[quad + 5];
    const g = quads[quad + 6];
    const h = quads[quad + 7];
    const letters =
      ((a | b | c | d | e | f | g | h) & 0x80808080) === 0
        ? letterBits(a) |
          (letterBits(b) << 4) |
          (letterBits(c) << 8) |
          (letterBits(d) << 12) |
          (letterBits(e) << 16) |
          (letterBits(f) << 20) |
          (letterBits(g) << 24) |
          (letterBits(h) << 28)
        : letterBitsOfAnyScript(quad << 2);
    let changes = letters ^ ((letters << 1) | carry);
    carry = letters >>> 31;
    const base = (quad << 2) + 31;
    const next = found + bitCount(changes);
    // Writing twelve every time and keeping the valid ones costs less than a loop whose length the
    // processor cannot predict.
    edges[found + 0] = base - Math.clz32(changes & -changes);
    changes &= changes - 1;
    edges[found + 1] = base - Math.clz32(changes & -changes);
    changes &= changes - 1;
    edges[found + 2] = base - Math.clz32(changes & -changes);
    changes &= changes - 1;
    edges[found + 3] = base - Math.clz32(changes & -changes);
    changes &= changes - 1;
    edges[found + 4] = base - Math.clz32(changes & -changes);
    changes &= changes - 1;
    edges[found + 5] = base - Math.clz32(changes & -changes);
    changes &= changes - 1;
    edges[found + 6] = base - Math.clz32(changes & -changes);
    changes &= changes - 1;
    edges[found + 7] = base - Math.clz32(changes & -changes);
    changes &= changes - 1;
    edges[found + 8] = base - Math.clz32(changes & -changes);
    changes &= changes - 1;
    edges[found + 9] = base - Math.clz32(changes & -changes);
    changes &= changes - 1;
    edges[found + 10] = base - Math.clz32(changes & -changes);
    changes &= changes - 1;
    edges[found + 11] = base - Math.clz32(changes & -changes);
    changes &= changes - 1;
    for (let index = found + 12; index < next; index++) {
      edges[index] = base - Math.clz32(changes & -changes);
      changes &= changes - 1;
    }
    found = next;
  }
  return found;
}

/** One bit for each of four ASCII bytes, set if it is a letter. */
function letterBits(quad) {
  const lower = (quad | 0x20202020) & 0x7f7f7f7f;
  const letters = (lower + 0x1f1f1f1f) & ~(lower + 0x05050505) & 0x80808080;
  return Math.imul(letters >>> 7, 0x10204080) >>> 28;
}

function bitCount(bits) {
  const pairs = bits - ((bits >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** The same for 32 bytes that are not all ASCII: the bits of all bytes of a letter are set. */
function letterBitsOfAnyScript(start) {
  let letters = 0;
  for (let index = 0; index < GROUP_BYTES; index++) {
    const byte = bytes[start + index];
    if (byte < 0x80 ? isAsciiLetter(byte) : isPartOfLetter(start + index)) {
      letters |= 1 << index;
    }
  }
  return letters;
}

function isPartOfLetter(position) {
  let start = position;
  while (start > 0 && position - start < 3 && (bytes[start] & 0xc0) === 0x80) {
    start--;
  }
  const lead = bytes[start];
  const size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc0 || start + size <= position) {
    return false;
  }
  return /^\p{L}$/u.test(Buffer.from(bytes.subarray(start, start + size)).toString());
}

function sameTail(offset, start, length) {
  for (let index = 8; index < length; index++) {
    if (arena[offset + index] !== bytes[start + index]) {
      return false;
    }
  }
  return true;
}

function insert(slot, start, length, first, second) {
  used++;
  if (used > MAX_WORDS || arenaEnd + length > arena.length) {
    throw new Error(`Cannot count more than ${MAX_WORDS} distinct words`);
  }
  slots[slot] = first;
  slots[slot + 1] = second;
  slots[slot + 2] = length;
  slots[slot + 3] = 1;
  offsets[slot >> 2] = arenaEnd;
  arena.set(bytes.subarray(start, start + length), arenaEnd);
  arenaEnd += length;
}

function report() {
  const words = [];
  for (let slot = 0; slot < slots.length; slot += SLOT_INTS) {
    if (slots[slot + 3] !== 0) {
      const offset = offsets[slot >> 2];
      const word = Buffer.from(arena.buffer, offset, slots[slot + 2]);
      words.push({ word, count: slots[slot + 3] });
    }
  }
  words.sort((a, b) => Buffer.compare(a.word, b.word));
  return words.map(({ word, count }) => `${word} ${count}\n`).join("");
}
