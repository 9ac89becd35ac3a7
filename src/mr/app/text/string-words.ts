import { isLetter } from "../../kernel/word-edges.ts";
import { MIN_SCANNED_UNITS, type StringScan } from "./string-scan.ts";

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/** Kinds of UTF-16 units. */
const UNKNOWN = 0;
const LETTER = 1;
const NO_LETTER = 2;
const SURROGATE = 3;
/** The kind of each unit, as far as it has been looked up. */
const KINDS = new Uint8Array(0x10000).fill(SURROGATE, 0xd800, 0xe000);

/** The longest words that are kept: V8 copies substrings shorter than 13, and shares longer ones. */
const MAX_LETTERS = 12;
const ASCII_END = 0x80;
const SLOT_BITS = 14;
/**
 * A cache of ASCII words, each in the slot of its letters' hash. Most words of a text recur, and a string
 * that is used again costs no memory and is hashed only once. It is a constant, like the next two, because V8
 * then embeds its address.
 */
const SLOTS = new Array<string>(1 << SLOT_BITS).fill("");
/** Three numbers for each slot: the letters of its word, one byte each, the last letter lowest. */
const SLOT_LETTERS = new Int32Array(3 << SLOT_BITS);

/** The slot of the word that was found last; −1 if it has none. */
const found = { slot: -1 };

/** Finds the words of strings at present, if the kernel's block is free for that. */
let scan: StringScan | undefined;

/** Finds the words of long strings by a scan from now on; undefined ends that. */
export function scanStrings(next: StringScan | undefined): void {
  scan?.release();
  scan = next;
}

/**
 * Ids of words that were found in strings, for the owner of the object. Nearly every word is asked for right
 * after it was found: its slot is then still known, so the word is not hashed again.
 */
export class WordIds {
  readonly #scan: StringScan;
  /** By slot, as the ids. A word that recurs is the same string, so comparing it is fast. */
  readonly #words = new Array<string>(SLOTS.length).fill("");
  readonly #ids = new Int32Array(SLOTS.length);

  /** @param scan gives words that have ids already */
  constructor(scan: StringScan) {
    this.#scan = scan;
  }

  /** @returns the id of a word that was kept; −1 for any other text */
  find(text: string): number {
    if (text === this.#scan.word) return this.#scan.id;
    const { slot } = found;
    return slot >= 0 && this.#words[slot] === text ? (this.#ids[slot] ?? -1) : -1;
  }

  /** Keeps the id of a text if that is the word that was found last. */
  keep(text: string, id: number): void {
    const { slot } = found;
    if (slot < 0 || SLOTS[slot] !== text) return;
    this.#words[slot] = text;
    this.#ids[slot] = id;
  }

  clear(): void {
    this.#scan.clear();
    this.#words.fill("");
  }
}

/** The words of a string, as `/\p{L}+/gu` finds them. */
export class StringWords implements Iterable<string> {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  [Symbol.iterator](): IterableIterator<string> {
    const text = this.#text;
    if (scan === undefined || text.length < MIN_SCANNED_UNITS) return new StringWordCursor(text, 0);
    return scan.iterate(text, (from) => new StringWordCursor(text, from));
  }
}

class StringWordCursor implements IterableIterator<string> {
  readonly #text: string;
  #at: number;

  constructor(text: string, from: number) {
    this.#text = text;
    this.#at = from;
  }

  [Symbol.iterator](): this {
    return this;
  }

  next(): IteratorResult<string> {
    const text = this.#text;
    const { length } = text;
    let at = this.#at;
    while (at < length && KINDS[text.charCodeAt(at)] === NO_LETTER) at += 1;
    if (at < length && KINDS[text.charCodeAt(at)] !== LETTER) at = findEdge(text, at, true);
    const start = at;
    let high = 0;
    let middle = 0;
    let low = 0;
    let all = 0;
    for (; at < length; at++) {
      const unit = text.charCodeAt(at);
      if (KINDS[unit] !== LETTER) break;
      all |= unit;
      high = (high << 8) | (middle >>> 24);
      middle = (middle << 8) | (low >>> 24);
      low = (low << 8) | unit;
    }
    if (at < length && KINDS[text.charCodeAt(at)] !== NO_LETTER) {
      at = findEdge(text, at, false);
      all = ASCII_END;
    }
    this.#at = at;
    if (at === start) return DONE;
    if (all >= ASCII_END || at - start > MAX_LETTERS) {
      found.slot = -1;
      return { done: false, value: text.slice(start, at) };
    }
    const mixed = Math.imul(high, 0x2c1b3c6d) ^ Math.imul(middle, 0x297a2d39) ^ low;
    const slot = Math.imul(mixed, 0x9e3779b1) >>> (32 - SLOT_BITS);
    const place = 3 * slot;
    found.slot = slot;
    if (
      SLOT_LETTERS[place] === high &&
      SLOT_LETTERS[place + 1] === middle &&
      SLOT_LETTERS[place + 2] === low
    ) {
      return { done: false, value: SLOTS[slot] as string };
    }
    const word = text.slice(start, at);
    SLOT_LETTERS[place] = high;
    SLOT_LETTERS[place + 1] = middle;
    SLOT_LETTERS[place + 2] = low;
    SLOTS[slot] = word;
    return { done: false, value: word };
  }
}

/** The position of the first letter, or of the first other character, at or after `at`; the end if there is none. */
function findEdge(text: string, at: number, toLetter: boolean): number {
  while (at < text.length && isLetterAt(text, at) !== toLetter) at += widthAt(text, at);
  return at;
}

function isLetterAt(text: string, at: number): boolean {
  const codePoint = text.codePointAt(at) as number;
  const kind = KINDS[codePoint];
  if (kind === LETTER || kind === NO_LETTER) return kind === LETTER;
  const is = isLetter(codePoint);
  if (kind === UNKNOWN) KINDS[codePoint] = is ? LETTER : NO_LETTER;
  return is;
}

/** The number of UTF-16 units of the character. */
function widthAt(text: string, at: number): number {
  return (text.codePointAt(at) as number) > 0xffff ? 2 : 1;
}
