import { copyBytes, quoteBytes } from "./plain-output.ts";
import { prefixOf } from "./plain-table.ts";

const MIN_BYTES = 1 << 16;
/** What a pair takes besides its bytes, while pairs are sorted. */
const PAIR_BYTES = 64;
const LINE_MARKS = 16;
const LINE_BYTES = 64 * 1024;
const COMMA = 0x2c;
const OPEN = 0x5b;
const CLOSE = 0x5d;
const LINE_FEED = 10;

/** Where the parts of a pair are: bytes[at, keyEnd) is the key's text, and so on. */
interface Pair {
  readonly at: number;
  readonly keyTextEnd: number;
  readonly valueTextEnd: number;
  readonly keyEnd: number;
  readonly isBytes: boolean;
}

/** The pairs of the plain kernel; see PairList for the contract. */
export class PlainPairs {
  /** Where the output of the last `write` ends. */
  written = 0;
  #bytes = new Uint8Array(MIN_BYTES);
  #length = 0;
  #pairs: Pair[] = [];
  #order = new Uint32Array(0);

  get count(): number {
    return this.#pairs.length;
  }

  get bytes(): number {
    return this.#length + this.#pairs.length * PAIR_BYTES;
  }

  appendRanges(
    block: Uint8Array,
    keyStart: number,
    keyEnd: number,
    valueStart: number,
    valueEnd: number,
  ): boolean {
    this.#reserve(7 * (keyEnd - keyStart) + 6 * (valueEnd - valueStart) + 4);
    const at = this.#length;
    const keyTextEnd = quoteBytes(block, keyStart, keyEnd, this.#bytes, at);
    if (keyTextEnd < 0) return false;
    const valueTextEnd = quoteBytes(block, valueStart, valueEnd, this.#bytes, keyTextEnd);
    if (valueTextEnd < 0) return false;
    const end = copyBytes(block, keyStart, keyEnd, this.#bytes, valueTextEnd);
    this.#pairs.push({ at, keyTextEnd, valueTextEnd, keyEnd: end, isBytes: true });
    this.#length = end;
    return true;
  }

  appendTexts(
    texts: Uint8Array,
    keyTextLength: number,
    valueTextLength: number,
    keyLength: number,
    isBytes: boolean,
  ): void {
    const length = keyTextLength + valueTextLength + keyLength;
    this.#reserve(length);
    const at = this.#length;
    copyBytes(texts, 0, length, this.#bytes, at);
    const keyTextEnd = at + keyTextLength;
    const valueTextEnd = keyTextEnd + valueTextLength;
    this.#pairs.push({ at, keyTextEnd, valueTextEnd, keyEnd: at + length, isBytes });
    this.#length = at + length;
  }

  sort(): Uint32Array {
    const keys = this.#pairs.map((_, pair) => this.key(pair));
    const prefixes = Float64Array.from(keys, (key) => prefixOf(key, 0, key.length));
    this.#order = Uint32Array.from(keys.keys()).sort((a, b) => {
      const order = (prefixes[a] ?? 0) - (prefixes[b] ?? 0);
      return order || Buffer.compare(keys[a] ?? NONE, keys[b] ?? NONE) || a - b;
    });
    return this.#order;
  }

  key(pair: number): Uint8Array {
    const { valueTextEnd, keyEnd } = this.#pair(pair);
    return this.#bytes.subarray(valueTextEnd, keyEnd);
  }

  write(from: number, to: number, output: Uint8Array): number {
    let out = 0;
    let lineStart = 0;
    let previous = -1;
    let at = from;
    while (at < to) {
      const pair = this.#order[at] ?? 0;
      const keyText = this.#keyText(pair);
      const valueText = this.#valueText(pair);
      if (out + keyText.length + valueText.length + LINE_MARKS > output.length) break;
      let next = at + 1;
      while (next < to && this.#haveEqualTexts(pair, this.#order[next] ?? 0)) next += 1;
      const isSameKey = previous >= 0 && equal(this.key(previous), this.key(pair));
      if (isSameKey && out - lineStart <= LINE_BYTES) {
        out -= 2;
      } else {
        lineStart = out;
        output[out++] = OPEN;
        out = copyBytes(keyText, 0, keyText.length, output, out);
      }
      const count = `,${this.#pair(pair).isBytes ? "-" : ""}${next - at}`;
      for (let i = 0; i < count.length; i++) output[out++] = count.charCodeAt(i);
      output[out++] = COMMA;
      out = copyBytes(valueText, 0, valueText.length, output, out);
      output[out++] = CLOSE;
      output[out++] = LINE_FEED;
      previous = pair;
      at = next;
    }
    this.written = out;
    return at;
  }

  line(index: number): Uint8Array {
    const pair = this.#order[index] ?? 0;
    const count = this.#pair(pair).isBytes ? -1 : 1;
    const texts = ["[", this.#keyText(pair), `,${count},`, this.#valueText(pair), "]\n"];
    return Buffer.concat(texts.map((text) => Buffer.from(text)));
  }

  clear(): void {
    if (this.#pairs.length === 0) return;
    // Views of keys may still be held.
    this.#bytes = new Uint8Array(MIN_BYTES);
    this.#length = 0;
    this.#pairs = [];
    this.#order = new Uint32Array(0);
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }

  #pair(index: number): Pair {
    const pair = this.#pairs[index];
    if (pair === undefined) throw new RangeError(`there is no pair ${index}`);
    return pair;
  }

  #keyText(index: number): Uint8Array {
    const { at, keyTextEnd } = this.#pair(index);
    return this.#bytes.subarray(at, keyTextEnd);
  }

  #valueText(index: number): Uint8Array {
    const { keyTextEnd, valueTextEnd } = this.#pair(index);
    return this.#bytes.subarray(keyTextEnd, valueTextEnd);
  }

  #haveEqualTexts(a: number, b: number): boolean {
    if (this.#pair(a).isBytes !== this.#pair(b).isBytes) return false;
    return (
      equal(this.#keyText(a), this.#keyText(b)) && equal(this.#valueText(a), this.#valueText(b))
    );
  }
}

const NONE = new Uint8Array(0);

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
