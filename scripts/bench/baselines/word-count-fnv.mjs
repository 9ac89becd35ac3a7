// @ts-nocheck: written by hand for one engine; types would ask for checks that cost time.
// The obvious fast program: a byte loop that computes FNV-1a, an open-addressing table of typed
// arrays, the bytes of words in an arena. For comparison with word-count-bytes.mjs.
// Usage: node word-count-fnv.mjs OUTPUT INPUT…
import { closeSync, openSync, readSync, writeFileSync } from "node:fs";

const [output, ...inputs] = process.argv.slice(2);

const BLOCK_BYTES = 1 << 20;
const LONGEST_WORD_BYTES = 1 << 16;
const bytes = new Uint8Array(BLOCK_BYTES + LONGEST_WORD_BYTES + 1);

const SLOTS = 1 << 17;
const hashes = new Int32Array(SLOTS);
const offsets = new Int32Array(SLOTS);
const lengths = new Int32Array(SLOTS);
const counts = new Int32Array(SLOTS);
const arena = new Uint8Array(1 << 23);
let arenaEnd = 0;
let used = 0;

const OTHER = 0;
const LETTER = 1;
const MULTI_BYTE = 2;
const byteClass = new Uint8Array(256).map((_, byte) =>
  byte >= 0x80 ? MULTI_BYTE : /[A-Za-z]/.test(String.fromCharCode(byte)) ? LETTER : OTHER,
);

for (const input of inputs) {
  const file = openSync(input, "r");
  let held = 0;
  for (let got = -1; got !== 0; ) {
    got = readSync(file, bytes, held, BLOCK_BYTES, null);
    const end = held + got;
    let cut = end;
    while (got !== 0 && cut > 0 && byteClass[bytes[cut - 1]] !== OTHER) {
      cut--;
    }
    if (end - cut > LONGEST_WORD_BYTES) {
      throw new Error(`Cannot count "${input}": a word is longer than ${LONGEST_WORD_BYTES} bytes`);
    }
    const rest = bytes.slice(cut, end);
    bytes[cut] = 0;
    countWords(cut);
    bytes.set(rest);
    held = rest.length;
  }
  closeSync(file);
}
writeFileSync(output, report());

function countWords(end) {
  let position = 0;
  while (position < end) {
    const start = position;
    let hash = 0x811c9dc5;
    for (;;) {
      let byte = bytes[position];
      while (byteClass[byte] === LETTER) {
        hash = Math.imul(hash ^ byte, 16777619);
        position++;
        byte = bytes[position];
      }
      const size = byte < 0x80 ? 0 : letterSize(position);
      if (size === 0) {
        break;
      }
      for (const last = position + size; position < last; position++) {
        hash = Math.imul(hash ^ bytes[position], 16777619);
      }
    }
    if (position > start) {
      count(start, position - start, hash);
    }
    position++;
  }
}

/** The length in bytes of the letter at `position`, 0 when it is none. */
function letterSize(position) {
  const lead = bytes[position];
  const size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  const character = Buffer.from(bytes.subarray(position, position + size)).toString();
  return /^\p{L}$/u.test(character) ? size : 0;
}

function count(start, length, hash) {
  let slot = (hash ^ (hash >>> 15)) & (SLOTS - 1);
  while (counts[slot] !== 0) {
    if (hashes[slot] === hash && lengths[slot] === length && same(offsets[slot], start, length)) {
      counts[slot]++;
      return;
    }
    slot = (slot + 1) & (SLOTS - 1);
  }
  used++;
  if (used * 2 > SLOTS || arenaEnd + length > arena.length) {
    throw new Error(`Cannot count more than ${SLOTS / 2} distinct words`);
  }
  hashes[slot] = hash;
  lengths[slot] = length;
  counts[slot] = 1;
  offsets[slot] = arenaEnd;
  arena.set(bytes.subarray(start, start + length), arenaEnd);
  arenaEnd += length;
}

function same(offset, start, length) {
  for (let index = 0; index < length; index++) {
    if (arena[offset + index] !== bytes[start + index]) {
      return false;
    }
  }
  return true;
}

function report() {
  const words = [];
  for (let slot = 0; slot < SLOTS; slot++) {
    if (counts[slot] !== 0) {
      const word = Buffer.from(arena.buffer, offsets[slot], lengths[slot]);
      words.push({ word, count: counts[slot] });
    }
  }
  words.sort((a, b) => Buffer.compare(a.word, b.word));
  return words.map(({ word, count }) => `${word} ${count}\n`).join("");
}
