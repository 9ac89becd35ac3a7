import { encodeUtf8 } from "../utf8.ts";
import { ByteSlice, type Text } from "./byte-slice.ts";
import type { WordScan } from "./word-scan.ts";

const WORD = /\p{L}+/gu;

/**
 * The words of a text: exactly what `/\p{L}+/gu` finds in it, in any script.
 *
 * Words of a string are strings. Words of a byte slice are byte slices; one slice is reused for all of
 * them, so a word that is kept must be copied or made a string.
 */
export function words(text: string): Iterable<string>;
export function words(text: ByteSlice): Iterable<ByteSlice>;
export function words(text: Text): Iterable<Text>;
export function words(text: Text): Iterable<Text> {
  if (typeof text === "string") return text.match(WORD) ?? [];
  const { scan } = text;
  if (scan === undefined || text.bytes !== scan.block || !scan.covers(text.start, text.end)) {
    return wordsOfBytes(text);
  }
  const first = scan.firstAfter(text.start);
  if (first < scan.count && (scan.starts[first] ?? 0) < text.start) return wordsOfBytes(text);
  if (isCut(scan, text.end)) return wordsOfBytes(text);
  return new ScannedWords(scan, first, text.end);
}

/** Whether a word of the block goes on past `end`: then the text has only the first part of it. */
function isCut(scan: WordScan, end: number): boolean {
  const byte = scan.block[end];
  const before = scan.block[end - 1];
  // Mostly a slice ends where a line does, and there is no need to look for the word.
  if (byte === 10 || byte === 13 || before === 10 || end === 0) return false;
  const index = scan.firstAfter(end);
  return index < scan.count && (scan.starts[index] ?? 0) < end;
}

/** For slices of other memory than the reader's block. */
function wordsOfBytes(text: ByteSlice): ByteSlice[] {
  const found = text.toString().match(WORD) ?? [];
  return found.map((word) => new ByteSlice(encodeUtf8(word)));
}

/** Steps through words that were found before; one object is iterable, iterator and result. */
class ScannedWords implements IterableIterator<ByteSlice>, IteratorYieldResult<ByteSlice> {
  // The same object goes on to say that it is done, which the type of a result can't express.
  done = false as false;
  value: ByteSlice;
  readonly #starts: Uint32Array;
  readonly #ends: Uint32Array;
  readonly #count: number;
  readonly #limit: number;
  #index: number;

  constructor(scan: WordScan, first: number, limit: number) {
    this.#starts = scan.starts;
    this.#ends = scan.ends;
    this.#count = scan.count;
    this.#limit = limit;
    this.#index = first;
    this.value = new ByteSlice(scan.block, 0, 0);
    this.value.scan = scan;
  }

  [Symbol.iterator](): this {
    return this;
  }

  next(): IteratorResult<ByteSlice> {
    const index = this.#index;
    const start = index < this.#count ? (this.#starts[index] ?? 0) : this.#limit;
    if (start >= this.#limit) return DONE;
    this.#index = index + 1;
    const slice = this.value;
    slice.start = start;
    slice.end = this.#ends[index] ?? 0;
    slice.word = index;
    return this;
  }
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };
