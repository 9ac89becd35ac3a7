import { encodeUtf8 } from "../../base/utf8.ts";
import { ByteSlice, type Text } from "../contract/byte-slice.ts";

const FIELD = /[^ \t\n]+/g;
const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/**
 * The fields of a text, separated by spaces, tabs and line feeds as in awk: what `/[^ \t\n]+/g` finds.
 *
 * Fields of a string are strings. Fields of a byte slice are byte slices; one slice is reused for all of
 * them, so copy a field, or make a string of it, to keep it.
 */
export function fields(text: string): Iterable<string>;
export function fields(text: ByteSlice): Iterable<ByteSlice>;
export function fields(text: Text): Iterable<Text>;
export function fields(text: Text): Iterable<Text> {
  return typeof text === "string" ? fieldsOfString(text) : new ByteFields(text);
}

function* fieldsOfString(text: string): Generator<string, void, undefined> {
  for (const [field] of text.matchAll(FIELD)) yield field;
}

/** Iterates over the fields of a slice; one object is iterable, iterator and result. */
class ByteFields implements IterableIterator<ByteSlice>, IteratorYieldResult<ByteSlice> {
  // A type can't express that the same object is the result of all but the last call.
  done = false as false;
  value: ByteSlice;
  readonly #end: number;

  constructor({ bytes, start, end, scan }: ByteSlice) {
    this.value = new ByteSlice(bytes, start, start);
    this.value.scan = scan;
    this.#end = end;
  }

  [Symbol.iterator](): this {
    return this;
  }

  next(): IteratorResult<ByteSlice> {
    const slice = this.value;
    const { bytes } = slice;
    const limit = this.#end;
    let start = slice.end;
    while (start < limit && isSpace(bytes[start])) start += 1;
    let end = start;
    while (end < limit && !isSpace(bytes[end])) end += 1;
    slice.start = start;
    slice.end = end;
    return start === limit ? DONE : this;
  }
}

/** In UTF-8, bytes below 128 are never part of another character. */
function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0a;
}

/**
 * The parts of a text between separators: the same as `text.split(separator)`, one by one. Parts may be
 * empty, and an empty text has one empty part.
 *
 * Parts of a string are strings. Parts of a byte slice are byte slices; one slice is reused for all of
 * them, so copy a part, or make a string of it, to keep it.
 *
 * @param separator one or more characters
 * @throws TypeError for an empty separator
 */
export function splitText(text: string, separator: string): Iterable<string>;
export function splitText(text: ByteSlice, separator: string): Iterable<ByteSlice>;
export function splitText(text: Text, separator: string): Iterable<Text>;
export function splitText(text: Text, separator: string): Iterable<Text> {
  if (separator === "") throw new TypeError("splitText: the separator is empty");
  if (typeof text === "string") return partsOfString(text, separator);
  return new ByteParts(text, Buffer.from(encodeUtf8(separator)));
}

function* partsOfString(text: string, separator: string): Generator<string, void, undefined> {
  let from = 0;
  for (;;) {
    const found = text.indexOf(separator, from);
    if (found < 0) break;
    yield text.slice(from, found);
    from = found + separator.length;
  }
  yield text.slice(from);
}

/** Iterates over the parts of a slice; one object is iterable, iterator and result. */
class ByteParts implements IterableIterator<ByteSlice>, IteratorYieldResult<ByteSlice> {
  // A type can't express that the same object is the result of all but the last call.
  done = false as false;
  value: ByteSlice;
  readonly #text: Buffer;
  readonly #start: number;
  readonly #separator: Buffer;
  /** Where the next part begins; beyond the end of the text if there is none. */
  #from = 0;

  constructor(text: ByteSlice, separator: Buffer) {
    this.#text = text.view();
    this.#start = text.start;
    this.#separator = separator;
    this.value = new ByteSlice(text.bytes, text.start, text.start);
    this.value.scan = text.scan;
  }

  [Symbol.iterator](): this {
    return this;
  }

  next(): IteratorResult<ByteSlice> {
    const { length } = this.#text;
    const from = this.#from;
    if (from > length) return DONE;
    const found = from === length ? -1 : this.#text.indexOf(this.#separator, from);
    const end = found < 0 ? length : found;
    const slice = this.value;
    slice.start = this.#start + from;
    slice.end = this.#start + end;
    this.#from = found < 0 ? length + 1 : end + this.#separator.length;
    return this;
  }
}
