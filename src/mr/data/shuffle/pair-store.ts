import { ByteSlice, type Text } from "../../app/contract/byte-slice.ts";
import { appendBytes, appendShortAscii, ByteBuffer } from "../../base/byte-target.ts";
import { encodeUtf8 } from "../../base/utf8.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { PendingFile } from "../../storage/pending-file.ts";
import { groupByPartition } from "./partition-keys.ts";
import { encodeBytes, encodeString, encodeValue } from "./value-codec.ts";

/** The memory of all pairs is measured again after this share of the rest was added. */
const UNCHECKED_SHARE = 1 / 8;
/** Estimated memory of a pair besides its bytes. */
const PAIR_BYTES = 48;

/**
 * Pairs in the order they are emitted, to be sorted in the end: for apps that emit mostly distinct keys,
 * for which a table of keys is of no use. Pairs that lie in the reader's block are copied within the
 * kernel, and from there to the file, without passing through JavaScript.
 */
export class PairStore {
  isFull = false;
  readonly #kernel: Kernel;
  readonly #limitBytes: number;
  readonly #texts = new ByteBuffer(1024);
  #unchecked = 0;
  #uncheckedLimit = 0;

  /** @param limitBytes for all pairs, sorting them included */
  constructor(kernel: Kernel, limitBytes: number) {
    this.#kernel = kernel;
    this.#limitBytes = limitBytes;
  }

  /** @throws TypeError for a key or a value that can't be carried */
  add(key: Text, value: unknown): void {
    if (value instanceof ByteSlice && key instanceof ByteSlice) {
      const { block } = this.#kernel;
      const { start, end } = key;
      const isInBlock = key.bytes === block && value.bytes === block;
      if (isInBlock && this.#kernel.appendRanges(start, end, value.start, value.end)) {
        this.#count(end - start + value.end - value.start);
        return;
      }
    }
    const texts = this.#texts;
    texts.length = 0;
    if (typeof key === "string") encodeString(key, texts);
    else if (key instanceof ByteSlice) encodeBytes(key.bytes, key.start, key.end, texts);
    else throw new TypeError(`the key is ${describeKey(key)}, not a string or a byte slice`);
    const keyTextLength = texts.length;
    const isBytes = encodeValue(value, texts);
    this.#append(key, keyTextLength, isBytes);
  }

  /** As {@link add}, for a value of which bytes[start, end) is the JSON text. */
  addText(key: ByteSlice, isBytes: boolean, bytes: Uint8Array, start: number, end: number): void {
    const texts = this.#texts;
    texts.length = 0;
    encodeBytes(key.bytes, key.start, key.end, texts);
    const keyTextLength = texts.length;
    appendBytes(texts, bytes, start, end);
    this.#append(key, keyTextLength, isBytes);
  }

  /**
   * Puts the pairs in the order of the reduce tasks, and of their keys there.
   *
   * @param ascends whether the order of the keys is also that of their reduce tasks
   * @returns where the pairs of each reduce task begin, and those of the last one end
   */
  sort(reduces: number, partitionOf: (pair: number) => number, ascends: boolean): Uint32Array {
    const order = this.#kernel.sortPairs();
    if (ascends) return startsOf(order, reduces, partitionOf);
    const { items, starts } = groupByPartition(order, reduces, partitionOf);
    order.set(items);
    return starts;
  }

  write(from: number, to: number, file: PendingFile): void {
    const kernel = this.#kernel;
    for (let at = from; at < to; ) {
      const next = kernel.writePairs(at, to);
      file.write(kernel.output.subarray(0, kernel.outputEnd));
      if (next === at) file.write(kernel.pairLine(at++));
      else at = next;
    }
  }

  /** Must be called when the kernel has been cleared. */
  cleared(): void {
    this.isFull = false;
    this.#unchecked = 0;
    this.#uncheckedLimit = 0;
  }

  #append(key: Text, keyTextLength: number, isBytes: boolean): void {
    const texts = this.#texts;
    const valueTextLength = texts.length - keyTextLength;
    const keyStart = texts.length;
    if (key instanceof ByteSlice) appendBytes(texts, key.bytes, key.start, key.end);
    else if (!appendShortAscii(texts, key)) {
      const bytes = encodeUtf8(key);
      appendBytes(texts, bytes, 0, bytes.length);
    }
    const keyLength = texts.length - keyStart;
    this.#kernel.appendTexts(texts.bytes, keyTextLength, valueTextLength, keyLength, isBytes);
    this.#count(texts.length);
  }

  /** Measures the memory of all pairs from time to time, because that is expensive. */
  #count(bytes: number): void {
    this.#unchecked += bytes + PAIR_BYTES;
    if (this.#unchecked < this.#uncheckedLimit) return;
    const left = this.#limitBytes - this.#kernel.pairBytes;
    if (left <= 0) this.isFull = true;
    this.#unchecked = 0;
    this.#uncheckedLimit = left * UNCHECKED_SHARE;
  }
}

/** Where each reduce task begins in pairs that are already in the order of the reduce tasks. */
function startsOf(
  order: Uint32Array,
  reduces: number,
  partitionOf: (pair: number) => number,
): Uint32Array {
  const starts = new Uint32Array(reduces + 1);
  let reduce = 0;
  for (let at = 0; at < order.length; ) {
    const partition = partitionOf(order[at] ?? 0);
    for (; reduce <= partition; reduce++) starts[reduce] = at;
    let low = at + 1;
    let high = order.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (partitionOf(order[middle] ?? 0) === partition) low = middle + 1;
      else high = middle;
    }
    at = low;
  }
  for (; reduce <= reduces; reduce++) starts[reduce] = order.length;
  return starts;
}

export function describeKey(key: unknown): string {
  if (key === null) return "null";
  return typeof key === "object" ? "an object" : `${typeof key} ${String(key)}`;
}
