import type { NumberRuns, RunIterable } from "../../app/contract/combiners.ts";
import type { GroupSource } from "../shuffle/group-source.ts";

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
  readonly #merger: GroupSource;
  /** How many more times `value` comes. */
  #left = 0;
  #state: "running" | "over" = "running";

  constructor(merger: GroupSource) {
    this.#merger = merger;
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
    return this.#merger.nextNumbers();
  }

  /** Ends the stream when `reduce` has returned, since the app may have kept it. */
  end(): void {
    this.#state = "over";
    this.#left = 0;
  }

  #load(): boolean {
    if (this.#state === "over") return false;
    const merger = this.#merger;
    try {
      if (!merger.nextValue()) return false;
      this.value = merger.decode();
      this.#left = merger.count;
      return true;
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };
