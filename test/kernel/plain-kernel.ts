import type { Kernel } from "../../src/mr/kernel/kernel.ts";
import {
  CLASSES,
  decode,
  isLetter,
  LETTER,
  NO_LETTER,
  widthOf,
} from "../../src/mr/kernel/word-edges.ts";
import { copyBytes, quoteBytes } from "./plain-output.ts";
import { PlainPairs } from "./plain-pairs.ts";
import { fnv, PlainTable } from "./plain-table.ts";

const OPEN = 0x5b;
/** What a line with a number has besides the key, at most: as much as the other kernel reserves. */
const NUMBER_LINE_MARKS = 64;

/** The kernel in plain TypeScript, with which the one in WebAssembly is compared. */
export class PlainKernel extends PlainTable implements Kernel {
  readonly block: Uint8Array;
  readonly ids: Uint32Array;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  readonly lineEnds: Uint32Array;
  readonly output: Uint8Array;
  outputEnd = 0;
  readonly #pairs = new PlainPairs();

  /**
   * @param blockBytes the capacity of the block
   * @param outputBytes the capacity of the output
   */
  constructor(blockBytes: number, outputBytes: number) {
    super();
    const maxWords = (blockBytes + 1) >>> 1;
    this.block = new Uint8Array(blockBytes);
    this.ids = new Uint32Array(maxWords);
    this.starts = new Uint32Array(maxWords);
    this.ends = new Uint32Array(maxWords);
    this.lineEnds = new Uint32Array(blockBytes);
    this.output = new Uint8Array(outputBytes);
  }

  scanLines(start: number, end: number): number {
    const { block, lineEnds } = this;
    checkRange(block, start, end);
    let count = 0;
    for (let at = start; at < end; at++) {
      if (block[at] === 10) lineEnds[count++] = at;
    }
    return count;
  }

  writeKey(id: number, at: number): number {
    const key = this.key(id);
    checkRange(this.output, at, at + key.length);
    return copyBytes(key, 0, key.length, this.output, at);
  }

  writeNumbers(ids: Uint32Array, from: number, to: number, numbers: Float64Array): number {
    const { output } = this;
    let out = 0;
    let index = from;
    for (; index < to; index++) {
      const id = ids[index] ?? 0;
      const key = this.key(id);
      const number = numbers[id] ?? 0;
      if (out + 6 * key.length + NUMBER_LINE_MARKS > output.length) break;
      if (!Number.isSafeInteger(number) || number < 0) break;
      const quoted = quoteBytes(key, 0, key.length, output, out + 1);
      if (quoted < 0) break;
      output[out] = OPEN;
      out = quoted;
      const rest = `,1,${number}]\n`;
      for (let i = 0; i < rest.length; i++) output[out++] = rest.charCodeAt(i);
    }
    this.outputEnd = out;
    return index;
  }

  get pairCount(): number {
    return this.#pairs.count;
  }

  get pairBytes(): number {
    return this.#pairs.bytes;
  }

  appendRanges(keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): boolean {
    checkRange(this.block, keyStart, keyEnd);
    checkRange(this.block, valueStart, valueEnd);
    return this.#pairs.appendRanges(this.block, keyStart, keyEnd, valueStart, valueEnd);
  }

  appendTexts(
    texts: Uint8Array,
    keyTextLength: number,
    valueTextLength: number,
    keyLength: number,
    isBytes: boolean,
  ): void {
    this.#pairs.appendTexts(texts, keyTextLength, valueTextLength, keyLength, isBytes);
  }

  sortPairs(): Uint32Array {
    return this.#pairs.sort();
  }

  pairKeyLength(pair: number): number {
    return this.#pairs.key(pair).length;
  }

  pairHash(pair: number): number {
    const key = this.#pairs.key(pair);
    return fnv(key, 0, key.length) & 0x7fffffff;
  }

  pairKey(pair: number): Uint8Array {
    return this.#pairs.key(pair);
  }

  writePairKey(pair: number, at: number): number {
    const key = this.#pairs.key(pair);
    checkRange(this.output, at, at + key.length);
    return copyBytes(key, 0, key.length, this.output, at);
  }

  writePairs(from: number, to: number): number {
    const next = this.#pairs.write(from, to, this.output);
    this.outputEnd = this.#pairs.written;
    return next;
  }

  pairLine(index: number): Uint8Array {
    return this.#pairs.line(index);
  }

  override clear(): void {
    super.clear();
    this.#pairs.clear();
  }

  scanWords(start: number, end: number): number {
    const { block, ids, starts, ends } = this;
    checkRange(block, start, end);
    let count = 0;
    let at = start;
    while (at < end) {
      const wordStart = at;
      let hash = 0x811c9dc5 | 0;
      let width = 1;
      while (at < end) {
        const byte = block[at] ?? 0;
        const kind = CLASSES[byte];
        if (kind === LETTER) {
          hash = Math.imul(hash ^ byte, 0x01000193);
          at++;
          continue;
        }
        if (kind === NO_LETTER) break;
        const codePoint = decode(block, at, end);
        width = widthOf(codePoint);
        if (!isLetter(codePoint)) break;
        for (const next = at + width; at < next; at++) {
          hash = Math.imul(hash ^ (block[at] ?? 0), 0x01000193);
        }
        width = 1;
      }
      if (at > wordStart) {
        ids[count] = this.internHashed(block, wordStart, at, hash);
        starts[count] = wordStart;
        ends[count++] = at;
      }
      at += width;
    }
    return count;
  }
}

function checkRange(array: ArrayLike<number>, start: number, end: number): void {
  if (start >= 0 && start <= end && end <= array.length) return;
  throw new RangeError(`Cannot take [${start}, ${end}) of ${array.length}: out of range`);
}
