import type { NumberFoldKind } from "../../app/contract/combiners.ts";
import { ByteBuffer } from "../../base/byte-target.ts";
import { CombineError } from "./combine-error.ts";
import type { RecordWriter } from "./record-writer.ts";
import { encodeValue } from "./value-codec.ts";
import type { ValueStore } from "./value-store.ts";

/**
 * What an id has before anything is added to it. Adding to −0 gives −0 only for −0, which is made 0
 * before; so "nothing yet" needs no place of its own, and no branch.
 */
const NOTHING = { sum: -0, count: -0, min: Infinity, max: -Infinity } as const;

/** One number per key, folded with each that is added: for `sum`, `count`, `min` and `max`. */
export class NumberStore implements ValueStore {
  isFull = false;
  readonly #kind: NumberFoldKind;
  readonly #nothing: number;
  #numbers = new Float64Array(0);
  readonly #text = new ByteBuffer(32);

  constructor(kind: NumberFoldKind) {
    this.#kind = kind;
    this.#nothing = NOTHING[kind];
    // Each kind has a loop of its own in the hot path, chosen once.
    this.add = this[kind];
  }

  ensure(size: number): void {
    const { length } = this.#numbers;
    if (size <= length) return;
    const grown = new Float64Array(Math.max(size, 2 * length, 4096));
    grown.set(this.#numbers);
    grown.fill(this.#nothing, length);
    this.#numbers = grown;
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

  /** What each id has. */
  get numbers(): Float64Array {
    return this.#numbers;
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
  }
}

/**
 * Checks that a fold takes a value, without adding it to anything.
 *
 * @throws TypeError as {@link NumberStore.add} does
 */
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
