import { ByteSlice, type Text } from "../contract/byte-slice.ts";

const FIELD = /[^ \t\n]+/g;

/**
 * The fields of a text, as awk has them: what is between runs of spaces, tabs and line feeds, exactly what
 * `/[^ \t\n]+/g` finds.
 *
 * Fields of a string are strings. Fields of a byte slice are byte slices; one slice is reused for all of
 * them, so a field that is kept must be copied or made a string.
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

/** Steps through the fields of a slice; one object is iterable, iterator and result. */
class ByteFields implements IterableIterator<ByteSlice>, IteratorYieldResult<ByteSlice> {
  // The same object goes on to say that it is done, which the type of a result can't express.
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

/** Other bytes are no part of these characters: in UTF-8 what is below 128 stands for itself. */
function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0a;
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };
