import { ByteSlice } from "../../app/contract/byte-slice.ts";
import type { Fold } from "../../app/contract/combiners.ts";
import { ByteBuffer } from "../../base/byte-target.ts";
import { describeCause } from "../../base/errors.ts";
import { checkJsonValue } from "../../base/json-value.ts";
import { withKey } from "./combine-group.ts";
import type { RecordWriter } from "./record-writer.ts";
import { encodeValue } from "./value-codec.ts";
import { enlarged, type ValueStore } from "./value-store.ts";

/** Estimated memory of an entry besides its value. */
const ENTRY_BYTES = 32;
/** Folding in even a tiny value may make the result much larger. */
const MIN_GROWTH_BYTES = 128;

/** One value per key, folded by the app's own function with each that is added. */
export class FoldStore implements ValueStore {
  isFull = false;
  readonly #fold: Fold<unknown>;
  readonly #memoryBytes: number;
  /** `undefined` where nothing was added: no value is that. */
  #values: unknown[] = [];
  #bytes = 0;
  /** The part of that for each value: its size when it was last measured, plus what was folded in since. */
  #known = new Float64Array(0);
  /**
   * How much more may be folded into each value before it is measured again: half of its size, so that
   * measuring a value that keeps growing costs no more than making it.
   */
  #unseen = new Float64Array(0);
  readonly #text = new ByteBuffer(1024);

  constructor(fold: Fold<unknown>, memoryBytes: number) {
    this.#fold = fold;
    this.#memoryBytes = memoryBytes;
  }

  ensure(size: number): void {
    while (this.#values.length < size) this.#values.push(undefined);
    if (this.#known.length >= size) return;
    this.#known = enlarged(this.#known, size, 0);
    this.#unseen = enlarged(this.#unseen, size, 0);
  }

  add(id: number, value: unknown): void {
    const before = this.#values[id];
    // The reader reuses the slice for the next record.
    const kept = value instanceof ByteSlice ? value.copy() : value;
    if (!(kept instanceof ByteSlice)) checkJsonValue(kept);
    const added = estimateBytes(kept);
    if (before === undefined) {
      this.#values[id] = kept;
      this.#known[id] = 0;
      this.#bytes += ENTRY_BYTES;
      this.#see(id, added);
    } else {
      const after = this.#fold(before, kept);
      if (after === undefined) throw new TypeError("combine returned undefined");
      this.#values[id] = after;
      this.#account(id, after, added);
    }
    if (this.#bytes > this.#memoryBytes) this.isFull = true;
  }

  has(id: number): boolean {
    return this.#values[id] !== undefined;
  }

  write(id: number, writer: RecordWriter): void {
    const text = this.#text;
    text.length = 0;
    let isBytes: boolean;
    try {
      isBytes = encodeValue(this.#values[id], text);
    } catch (error) {
      throw withKey(error, writer.keyText);
    }
    writer.value(1, isBytes, text.bytes, 0, text.length);
  }

  clear(): void {
    this.isFull = false;
    this.#values = [];
    this.#bytes = 0;
  }

  /** Accounts for `added` bytes that were folded into a value, which is now `value`. */
  #account(id: number, value: unknown, added: number): void {
    const unseen = (this.#unseen[id] ?? 0) - Math.max(added, MIN_GROWTH_BYTES);
    if (unseen <= 0) {
      this.#see(id, this.#estimate(value));
      return;
    }
    this.#unseen[id] = unseen;
    this.#known[id] = (this.#known[id] ?? 0) + added;
    this.#bytes += added;
  }

  #estimate(value: unknown): number {
    try {
      return estimateBytes(value);
    } catch (error) {
      // A value that contains itself has no size. The check finds the place.
      try {
        checkJsonValue(value);
      } catch (cause) {
        throw new TypeError(`of what combine made, ${describeCause(cause)}`, { cause });
      }
      throw error;
    }
  }

  /** Accounts for a value that was measured and takes `bytes`. */
  #see(id: number, bytes: number): void {
    this.#bytes += bytes - (this.#known[id] ?? 0);
    this.#known[id] = bytes;
    this.#unseen[id] = bytes / 2;
  }
}

/** Estimates the memory of a value; that of an array from its middle element. */
function estimateBytes(value: unknown): number {
  if (typeof value === "string") return 24 + value.length;
  if (typeof value !== "object" || value === null) return 8;
  if (value instanceof ByteSlice) return 128 + value.length;
  if (Array.isArray(value)) {
    if (value.length === 0) return 32;
    return 32 + value.length * (8 + estimateBytes(value[value.length >> 1]));
  }
  let bytes = 64;
  for (const name in value) bytes += 16 + estimateBytes((value as Record<string, unknown>)[name]);
  return bytes;
}
