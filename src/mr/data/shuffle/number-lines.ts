import type { Kernel } from "../../kernel/kernel.ts";
import type { PendingFile } from "../../storage/pending-file.ts";

/** How many keys the kernel is given at a time: a few at first, since it may have to leave them. */
const LEAST_KEYS = 16;
const MOST_KEYS = 4096;

/** Writes the lines of keys that have a number each, as far as the kernel can: many at a time. */
export class NumberLines {
  readonly #kernel: Kernel;
  readonly #numbers: Float64Array;
  #keys = LEAST_KEYS;

  /** @param numbers by id */
  constructor(kernel: Kernel, numbers: Float64Array) {
    this.#kernel = kernel;
    this.#numbers = numbers;
  }

  /**
   * Writes the lines of the keys ids[from, to) to `file`.
   *
   * @returns the first key that is left to the caller, for its number is not whole, or its bytes are no
   *   text; `to` if all are written
   */
  write(ids: Uint32Array, from: number, to: number, file: PendingFile): number {
    const kernel = this.#kernel;
    let index = from;
    while (index < to) {
      const end = Math.min(to, index + this.#keys);
      const next = kernel.writeNumbers(ids, index, end, this.#numbers);
      // What it could not write it was given in vain, so that it gets no more of that than it has written.
      this.#keys = next === end ? Math.min(2 * this.#keys, MOST_KEYS) : LEAST_KEYS;
      if (next === index) break;
      file.write(kernel.output.subarray(0, kernel.outputEnd));
      index = next;
    }
    return index;
  }
}
