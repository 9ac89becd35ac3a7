import type { BlockScanner } from "../../kernel/kernel.ts";

/**
 * The words of the block that a reader has loaded, found all at once when the first of them is asked
 * for. Blocks are cut at line ends, so no word crosses one.
 */
export class WordScan {
  /** @internal The scanner's block. */
  readonly block: Uint8Array;
  /** @internal The key id of each word; replaced in place when the table of keys has been emptied. */
  readonly ids: Uint32Array;
  /** @internal Where in the block each word begins. */
  readonly starts: Uint32Array;
  /** @internal Where in the block each word ends. */
  readonly ends: Uint32Array;
  /** @internal How many words there are, once `isScanned`. */
  count = 0;
  /** @internal Whether the words of what the block holds were found. */
  isScanned = false;
  readonly #scanner: BlockScanner;
  #from = 0;
  #to = 0;
  #cursor = 0;
  /** @internal Called when new keys may have come into the table. */
  onScan: () => void = () => undefined;

  /** @internal */
  constructor(scanner: BlockScanner) {
    this.#scanner = scanner;
    this.block = scanner.block;
    this.ids = scanner.ids;
    this.starts = scanner.starts;
    this.ends = scanner.ends;
  }

  /** The block holds other text now, of which [from, to) may be searched. */
  reset(from: number, to: number): void {
    this.#from = from;
    this.#to = to;
    this.#cursor = 0;
    this.count = 0;
    this.isScanned = false;
  }

  /** @internal Gives the words their ids anew, after the table of keys was emptied. Positions stay. */
  renew(): void {
    if (this.isScanned) this.#scan();
  }

  /** @internal Whether the words of block[start, end) can be told here. */
  covers(start: number, end: number): boolean {
    return start >= this.#from && end <= this.#to;
  }

  /** @internal The first word that ends after `position`. Cheapest when positions ascend. */
  firstAfter(position: number): number {
    if (!this.isScanned) this.#scan();
    const { ends, count } = this;
    let cursor = this.#cursor;
    if (cursor > 0 && (ends[cursor - 1] ?? 0) > position) cursor = this.#search(position);
    while (cursor < count && (ends[cursor] ?? 0) <= position) cursor += 1;
    this.#cursor = cursor;
    return cursor;
  }

  /** @internal The words before this one have been gone through: {@link firstAfter} looks from here on. */
  passed(word: number): void {
    this.#cursor = word;
  }

  #search(position: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.ends[middle] ?? 0) > position) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #scan(): void {
    this.count = this.#scanner.scanWords(this.#from, this.#to);
    this.isScanned = true;
    this.onScan();
  }
}
