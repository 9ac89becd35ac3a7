import type { WordScan } from "./word-scan.ts";

/** Shorter texts are not worth a scan. */
export const MIN_SCANNED_UNITS = 256;
/** The first part of a text is short, since the app may not ask for more than the first words. */
const FIRST_UNITS = 4096;
const GROWTH = 8;
/** The most bytes of UTF-8 for a UTF-16 unit. */
const BYTES_PER_UNIT = 3;
/** Strings are kept for so many keys, those that were found first, so that they need no limit of memory. */
const KEPT_STRINGS = 1 << 16;
/** V8 copies substrings up to this length. Longer ones would keep the whole text in memory. */
const MAX_COPIED_UNITS = 12;

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/**
 * Finds the words of strings in the kernel, which knows the key of each word then. It takes the scanner's block,
 * so it is for tasks whose reader does not use that.
 */
export class StringScan {
  /** The word that was found last, and its key: nearly every word is emitted right after it was found. */
  word = "";
  id = -1;
  /** @internal */
  readonly words: WordScan;
  /** @internal The scanner's block. */
  readonly block: Buffer;
  /** @internal The string of each key; empty if it has not been made yet. */
  readonly strings = new Array<string>(KEPT_STRINGS).fill("");
  /** Whether the table has room for the keys of another part of a text. */
  hasRoom: () => boolean = () => true;
  #owner: ScannedStringWords | undefined;

  constructor(words: WordScan) {
    const { buffer, byteOffset, length } = words.block;
    this.words = words;
    this.block = Buffer.from(buffer, byteOffset, length);
  }

  /**
   * The words of a text, whose first part now takes the block. Another iteration goes on without the block.
   *
   * @param rest makes an iterator of the words from a position of the text on, which needs no scan
   */
  iterate(text: string, rest: (from: number) => Iterator<string>): IterableIterator<string> {
    this.release();
    this.#owner = new ScannedStringWords(this, text, rest);
    return this.#owner;
  }

  /** Must be called before the block is used otherwise. */
  release(): void {
    this.#owner?.leave();
    this.#owner = undefined;
  }

  /** Must be called when the table of keys was cleared, before the words get new keys. */
  clear(): void {
    this.word = "";
    this.id = -1;
    this.strings.fill("");
  }
}

class ScannedStringWords implements IterableIterator<string> {
  readonly #scan: StringScan;
  readonly #ids: Uint32Array;
  readonly #strings: string[];
  readonly #text: string;
  readonly #makeRest: (from: number) => Iterator<string>;
  /** Finds the words after the part [from, to) of the text, which is in the block. */
  #rest: Iterator<string> | undefined;
  #from = 0;
  #to = 0;
  /** The number of bytes of the part. */
  #bytes = 0;
  #index = 0;
  #count = 0;
  #units = 0;

  constructor(scan: StringScan, text: string, rest: (from: number) => Iterator<string>) {
    this.#scan = scan;
    this.#ids = scan.words.ids;
    this.#strings = scan.strings;
    this.#text = text;
    this.#makeRest = rest;
  }

  [Symbol.iterator](): this {
    return this;
  }

  next(): IteratorResult<string> {
    const index = this.#index;
    if (index >= this.#count) return this.#nextOfPart();
    this.#index = index + 1;
    const id = this.#ids[index] ?? 0;
    let word = id < KEPT_STRINGS ? (this.#strings[id] as string) : "";
    if (word === "") word = this.#makeString(index, id);
    const scan = this.#scan;
    scan.word = word;
    scan.id = id;
    return { done: false, value: word };
  }

  /** Leaves the block to another use: the words that are left are found without it. */
  leave(): void {
    if (this.#rest !== undefined) return;
    const end = this.#index === 0 ? 0 : (this.#scan.words.ends[this.#index - 1] ?? 0);
    const isAscii = this.#bytes === this.#to - this.#from;
    const units = isAscii ? end : this.#scan.block.toString("utf8", 0, end).length;
    this.#rest = this.#makeRest(this.#from + units);
    this.#index = 0;
    this.#count = 0;
  }

  #nextOfPart(): IteratorResult<string> {
    while (this.#rest === undefined) {
      if (this.#to === this.#text.length) return DONE;
      if (!this.#load()) this.#rest = this.#makeRest(this.#to);
      else if (this.#count > 0) return this.next();
    }
    return this.#rest.next();
  }

  /** @returns false if the text has no place where it may be cut, or the table has no room */
  #load(): boolean {
    const { words, block, hasRoom } = this.#scan;
    const text = this.#text;
    const from = this.#to;
    const units = this.#units === 0 ? FIRST_UNITS : GROWTH * this.#units;
    this.#units = Math.min(units, Math.floor(block.length / BYTES_PER_UNIT));
    const to = cutOf(text, from, from + this.#units);
    if (to === from || !hasRoom()) return false;
    this.#bytes = block.write(text.slice(from, to), 0, "utf8");
    words.reset(0, this.#bytes);
    this.#count = words.findAll();
    this.#index = 0;
    this.#from = from;
    this.#to = to;
    return true;
  }

  #makeString(index: number, id: number): string {
    const { words, block, strings } = this.#scan;
    const start = words.starts[index] ?? 0;
    const end = words.ends[index] ?? 0;
    const from = this.#from;
    const isAscii = this.#bytes === this.#to - from;
    const word =
      isAscii && end - start <= MAX_COPIED_UNITS
        ? this.#text.slice(from + start, from + end)
        : block.toString("utf8", start, end);
    if (id < KEPT_STRINGS) strings[id] = word;
    return word;
  }
}

/** Where the part of the text from `from` on may end: at `to`, or after a character before that which is no letter. */
function cutOf(text: string, from: number, to: number): number {
  if (to >= text.length) return text.length;
  let end = to;
  while (end > from && !isSeparator(text.charCodeAt(end - 1))) end -= 1;
  return end;
}

/** Whether the unit is an ASCII character other than a letter. */
function isSeparator(unit: number): boolean {
  const lower = unit | 0x20;
  return unit < 0x80 && (lower < 0x61 || lower > 0x7a);
}
