import type { NumberFoldKind } from "../../app/contract/combiners.ts";
import { ByteBuffer } from "../../base/byte-target.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { PendingFile } from "../../storage/pending-file.ts";
import { CombineError } from "./combine-group.ts";
import type { RecordWriter } from "./record-writer.ts";
import { encodeValue } from "./value-codec.ts";
import { enlarged, type ValueStore } from "./value-store.ts";

/**
 * The number of an id before anything is added to it. A sum is −0 only if all its terms are, and terms
 * of −0 are made 0; so −0 means "nothing yet" without a flag and a branch.
 */
const NOTHING = { sum: -0, count: -0, min: Infinity, max: -Infinity } as const;

const MIN_LINES = 16;
const MAX_LINES = 4096;

/** One number per key, folded with each that is added: for `sum`, `count`, `min` and `max`. */
export class NumberStore implements ValueStore {
  isFull = false;
  readonly #kind: NumberFoldKind;
  readonly #nothing: number;
  #numbers = new Float64Array(0);
  readonly #text = new ByteBuffer(32);
  /** How many keys the kernel is given at a time: few at first, since it may not be able to write them. */
  #linesAtOnce = MIN_LINES;

  constructor(kind: NumberFoldKind) {
    this.#kind = kind;
    this.#nothing = NOTHING[kind];
    // Chosen once, because it runs for every pair.
    this.add = this[kind];
  }

  ensure(size: number): void {
    if (size > this.#numbers.length) this.#numbers = enlarged(this.#numbers, size, this.#nothing);
  }

  add: (id: number, value: unknown) => void;

  sum(id: number, value: unknown): void {
    if (typeof value !== "number" || value - value !== 0) throw unfit("sum", value);
    const numbers = this.#numbers;
    numbers[id] = (numbers[id] ?? 0) + (value + 0);
  }

  count(id: number, value: unknown): void {
    if (!isCount(value)) throw unfit("count", value);
    const total = (this.#numbers[id] ?? 0) + (value + 0);
    if (total > Number.MAX_SAFE_INTEGER) throw unfit("count", value);
    this.#numbers[id] = total;
  }

  min(id: number, value: unknown): void {
    if (typeof value !== "number" || value - value !== 0) throw unfit("min", value);
    if (value < (this.#numbers[id] ?? 0)) this.#numbers[id] = value;
  }

  max(id: number, value: unknown): void {
    if (typeof value !== "number" || value - value !== 0) throw unfit("max", value);
    if (value > (this.#numbers[id] ?? 0)) this.#numbers[id] = value;
  }

  has(id: number): boolean {
    return !Object.is(this.#numbers[id], this.#nothing);
  }

  write(id: number, writer: RecordWriter): void {
    const number = this.#numbers[id] ?? 0;
    if (!Number.isFinite(number)) {
      const why = new TypeError(`the ${this.#kind} is ${number}, which JSON can't carry`);
      throw new CombineError(writer.keyText, why);
    }
    const text = this.#text;
    text.length = 0;
    encodeValue(number, text);
    writer.value(1, false, text.bytes, 0, text.length);
  }

  clear(): void {
    this.isFull = false;
    this.#numbers.fill(this.#nothing);
    this.#linesAtOnce = MIN_LINES;
  }

  /**
   * Writes the lines of the keys ids[from, to) of `kernel` to `file`, many at a time.
   *
   * @returns the index of the first key that the caller must write, because its number is not whole or its
   *   bytes are not text; `to` if all are written
   */
  writeLines(
    kernel: Kernel,
    ids: Uint32Array,
    from: number,
    to: number,
    file: PendingFile,
  ): number {
    let index = from;
    while (index < to) {
      const end = Math.min(to, index + this.#linesAtOnce);
      const next = kernel.writeNumbers(ids, index, end, this.#numbers);
      // Bounds the keys that the kernel tries and cannot write by those that it has written.
      this.#linesAtOnce = next === end ? Math.min(2 * this.#linesAtOnce, MAX_LINES) : MIN_LINES;
      if (next === index) break;
      file.write(kernel.output.subarray(0, kernel.outputEnd));
      index = next;
    }
    return index;
  }
}

/** Checks that a fold takes a value, without adding it. @throws TypeError as {@link NumberStore.add} does */
export function checkFoldable(kind: NumberFoldKind, value: unknown): void {
  const isFit = kind === "count" ? isCount(value) : Number.isFinite(value);
  if (!isFit) throw unfit(kind, value);
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && Number.isSafeInteger(value);
}

function unfit(kind: NumberFoldKind, value: unknown): TypeError {
  const what = typeof value === "number" ? String(value) : `of type ${typeof value}`;
  const wanted = kind === "count" ? "a whole number from 0 to 2^53 - 1" : "a finite number";
  return new TypeError(`the value is ${what}, but ${kind} takes ${wanted}`);
}
