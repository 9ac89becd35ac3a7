import { ByteSlice } from "../../app/contract/byte-slice.ts";
import type { NumberRuns, RunIterable } from "../../app/contract/combiners.ts";
import { noteGivenBytes } from "../../base/utf8.ts";
import type { GroupSource } from "../shuffle/group-source.ts";

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };
const NO_BYTES = new Uint8Array(0);

/** The values of one group. */
type ValueSource = Pick<GroupSource, "count" | "nextValue" | "nextNumbers" | "decode">;

/**
 * The values of one group as `reduce` gets them: a stream that can be iterated once. Iterable, iterator and
 * result are one object, since it is created for every key.
 */
export class GroupValues
  implements IterableIterator<unknown>, RunIterable<unknown>, IteratorYieldResult<unknown>
{
  done = false as false;
  value: unknown = undefined;
  runLength = 0;
  /** The error of reading the values, which the app may have caught. */
  failure: unknown = undefined;
  /** Whether a sum of the values may not be exact. */
  hasInexactSum = false;
  readonly #source: ValueSource;
  /** How many more times `value` comes. */
  #left = 0;
  #state: "running" | "over" = "running";

  constructor(source: ValueSource) {
    this.#source = source;
  }

  get runValue(): unknown {
    return this.value;
  }

  [Symbol.iterator](): this {
    return this;
  }

  next(): IteratorResult<unknown> {
    if (this.#left === 0 && !this.#load()) return DONE;
    this.#left -= 1;
    return this;
  }

  nextRun(): boolean {
    if (this.#left === 0 && !this.#load()) return false;
    this.runLength = this.#left;
    this.#left = 0;
    return true;
  }

  nextNumbers(): NumberRuns | undefined {
    if (this.#left > 0 || this.#state === "over") return undefined;
    return this.#source.nextNumbers();
  }

  noteInexactSum(): void {
    this.hasInexactSum = true;
  }

  /** Ends the stream when `reduce` has returned, since the app may have kept it. */
  end(): void {
    this.#state = "over";
    this.#left = 0;
  }

  #load(): boolean {
    if (this.#state === "over") return false;
    const source = this.#source;
    try {
      if (!source.nextValue()) return false;
      this.value = source.decode();
      this.#left = source.count;
      return true;
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }
}

/** Values in memory. As in a merge, one byte slice is reused for all of them that are byte slices. */
export class ListedValues implements ValueSource {
  readonly count = 1;
  readonly #values: readonly unknown[];
  readonly #slice = new ByteSlice(NO_BYTES);
  #next = 0;

  constructor(values: readonly unknown[]) {
    this.#values = values;
  }

  nextValue(): boolean {
    this.#next += 1;
    return this.#next <= this.#values.length;
  }

  nextNumbers(): undefined {
    return undefined;
  }

  decode(): unknown {
    const value = this.#values[this.#next - 1];
    if (!(value instanceof ByteSlice)) return value;
    const slice = this.#slice;
    slice.bytes = value.bytes;
    slice.start = value.start;
    slice.end = value.end;
    noteGivenBytes(slice.view());
    return slice;
  }
}
