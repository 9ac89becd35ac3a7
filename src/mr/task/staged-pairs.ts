import { ByteSlice, type Text } from "../app/byte-slice.ts";
import { numberFoldKind } from "../app/combiners.ts";
import type { Emit } from "../app/contract.ts";
import type { RecordApp } from "../app/define-app.ts";
import { checkFoldable } from "../shuffle/number-store.ts";
import { checkJsonValue } from "../storage/json-value.ts";

/**
 * Holds the pairs of one record back until it is known that all of it is good: a record that is left
 * out must leave nothing behind.
 */
export class StagedPairs {
  /** Takes a pair; to be called without `this`. */
  readonly emit: Emit<unknown>;
  readonly #pairs: [key: Text, value: unknown][] = [];
  readonly #target: Emit<unknown>;

  /**
   * @param target takes the pairs in the end
   * @param combine of the app: what it can't fold is refused at once
   */
  constructor(target: Emit<unknown>, combine: RecordApp["combine"]) {
    this.#target = target;
    const kind = combine === undefined ? undefined : numberFoldKind(combine);
    this.emit = (key, value) => {
      if (typeof key !== "string" && !(key instanceof ByteSlice)) {
        throw new TypeError(`the key is of type ${typeof key}, not a string or a byte slice`);
      }
      if (kind !== undefined) checkFoldable(kind, value);
      else if (!(value instanceof ByteSlice)) checkJsonValue(value);
      this.#pairs.push([copyOf(key), copyOf(value)]);
    };
  }

  /** Emits what was held back. */
  release(): void {
    for (const [key, value] of this.#pairs) this.#target(key, value);
    this.#pairs.length = 0;
  }

  /** Forgets what was held back. */
  drop(): void {
    this.#pairs.length = 0;
  }
}

/** Slices are reused before they are released. */
function copyOf<T>(value: T): T | ByteSlice {
  return value instanceof ByteSlice ? value.copy() : value;
}
