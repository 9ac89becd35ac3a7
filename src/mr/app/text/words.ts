import { noteReplaced, noteText } from "../../base/utf8.ts";
import { findEdge, LETTER, NO_LETTER } from "../../kernel/word-edges.ts";
import { ByteSlice, type Text } from "../contract/byte-slice.ts";
import { StringWords } from "./string-words.ts";
import type { WordScan } from "./word-scan.ts";

/**
 * The words of a text, in any script: what `/\p{L}+/gu` finds. They are found one by one, so the words of a
 * long text take no memory.
 *
 * Words of a string are strings. Words of a byte slice are parts of it without a copy, valid as long as the
 * slice is. For slices from `lines()` and `blocks()`, one slice is **reused** for all words. Copy a word, or
 * make a string of it, to keep it.
 */
export function words(text: string): Iterable<string>;
export function words(text: ByteSlice): Iterable<ByteSlice>;
export function words(text: Text): Iterable<Text>;
export function words(text: Text): Iterable<Text> {
  if (typeof text === "string") {
    noteText(text);
    return new StringWords(text);
  }
  const { scan } = text;
  if (scan === undefined || text.bytes !== scan.block || !scan.covers(text.start, text.end)) {
    return wordsOfBytes(text);
  }
  const first = scan.firstAfter(text.start);
  const isCutAtStart = first < scan.count && (scan.starts[first] ?? 0) < text.start;
  if (isCutAtStart || isCut(scan, text.end)) return wordsOfBytes(text);
  return new ScannedWords(scan, first, text.end);
}

/** Whether a word of the block extends beyond `end`, so that the text has only its first part. */
function isCut(scan: WordScan, end: number): boolean {
  const byte = scan.block[end];
  const before = scan.block[end - 1];
  // Most slices end at a line end: then there is no need to search.
  if (byte === 10 || byte === 13 || before === 10 || end === 0) return false;
  const index = scan.firstAfter(end);
  return index < scan.count && (scan.starts[index] ?? 0) < end;
}

/** The words of bytes outside the reader's block, such as a whole file or a very long line. */
function wordsOfBytes({ bytes, start: from, end }: ByteSlice): Iterable<ByteSlice> {
  return {
    [Symbol.iterator]() {
      noteReplaced(bytes, from, end);
      let at = from;
      return {
        next(): IteratorResult<ByteSlice> {
          const start = findEdge(bytes, at, end, LETTER);
          if (start === end) return DONE;
          at = findEdge(bytes, start, end, NO_LETTER);
          return { done: false, value: new ByteSlice(bytes, start, at) };
        },
      };
    },
  };
}

/** Iterates over words of a scan; one object is iterable, iterator and result. */
class ScannedWords implements IterableIterator<ByteSlice>, IteratorYieldResult<ByteSlice> {
  // A type can't express that the same object is the result of all but the last call.
  done = false as false;
  value: ByteSlice;
  readonly #scan: WordScan;
  readonly #starts: Uint32Array;
  readonly #ends: Uint32Array;
  readonly #count: number;
  readonly #limit: number;
  #index: number;

  constructor(scan: WordScan, first: number, limit: number) {
    this.#scan = scan;
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
    if (start >= this.#limit) {
      this.#scan.passed(index);
      return DONE;
    }
    this.#index = index + 1;
    const slice = this.value;
    slice.start = start;
    slice.end = this.#ends[index] ?? 0;
    slice.word = index;
    return this;
  }
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };
