import { ByteSlice, type Text } from "../contract/byte-slice.ts";

const FIELD = /[^ \t\n]+/g;

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

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };
