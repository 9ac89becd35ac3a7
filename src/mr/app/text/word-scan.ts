import { noteReplaced } from "../../base/utf8.ts";
import type { BlockScanner } from "../../kernel/kernel.ts";

/**
 * The words of the block that a reader has loaded. All of them are found when the first is asked for.
 * Blocks end at line ends, so no word crosses their edge.
 */
export class WordScan {
  /** @internal The scanner's block. */
  readonly block: Uint8Array;
  /** @internal The key id of each word; updated in place after the table of keys was cleared. */
  readonly ids: Uint32Array;
  /** @internal The beginning of each word in the block. */
  readonly starts: Uint32Array;
  /** @internal The end of each word in the block. */
  readonly ends: Uint32Array;
  /** @internal The number of words, once `isScanned`. */
  count = 0;
  /** @internal Whether the words of the present text were found. */
  isScanned = false;
  readonly #scanner: BlockScanner;
  #from = 0;
  #to = 0;
  #cursor = 0;
  /** @internal Called when a scan may have added keys to the table. */
  onScan: () => void = () => undefined;

  /** @internal */
  constructor(scanner: BlockScanner) {
    this.#scanner = scanner;
    this.block = scanner.block;
    this.ids = scanner.ids;
    this.starts = scanner.starts;
    this.ends = scanner.ends;
  }

  /** Must be called when the block holds other text, of which [from, to) may be scanned. */
  reset(from: number, to: number): void {
    this.#from = from;
    this.#to = to;
    this.#cursor = 0;
    this.count = 0;
    this.isScanned = false;
  }

  /** @internal Updates the ids after the table of keys was cleared. Positions do not change. */
  renew(): void {
    if (this.isScanned) this.#scan();
  }

  /** @internal Whether block[start, end) is part of the scanned text. */
  covers(start: number, end: number): boolean {
    return start >= this.#from && end <= this.#to;
  }

  /** @internal The first word that ends after `position`. Ascending positions are fastest. */
  firstAfter(position: number): number {
    if (!this.isScanned) this.#scan();
    const { ends, count } = this;
    let cursor = this.#cursor;
    if (cursor > 0 && (ends[cursor - 1] ?? 0) > position) cursor = this.#search(position);
    while (cursor < count && (ends[cursor] ?? 0) <= position) cursor += 1;
    this.#cursor = cursor;
    return cursor;
  }

  /** @internal Finds all words. @returns their number */
  findAll(): number {
    if (!this.isScanned) this.#scan();
    return this.count;
  }

  /** @internal Makes {@link firstAfter} start its search at this word. */
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
    noteReplaced(this.block, this.#from, this.#to);
    this.isScanned = true;
    this.onScan();
  }
}
