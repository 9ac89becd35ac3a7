import { encodeUtf8 } from "../../base/utf8.ts";
import { ByteSlice, type Text } from "../contract/byte-slice.ts";

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

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };
