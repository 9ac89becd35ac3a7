import { ByteSlice } from "../app/byte-slice.ts";
import type { Fold } from "../app/combiners.ts";
import { ByteBuffer } from "../storage/byte-target.ts";
import { checkJsonValue } from "../storage/json-value.ts";
import type { RecordWriter } from "./record-writer.ts";
import { encodeValue } from "./value-codec.ts";
import type { ValueStore } from "./value-store.ts";

/** What an entry costs besides its value. */
const ENTRY_BYTES = 16;

/** One value per key, folded by the app's own function with each that is added. */
export class FoldStore implements ValueStore {
  isFull = false;
  readonly #fold: Fold<unknown>;
  readonly #memoryBytes: number;
  /** `undefined` where nothing was added: no value is that. */
  #values: unknown[] = [];
  #size = 0;
  /** About how much memory the values take. */
  #bytes = 0;
  readonly #text = new ByteBuffer(1024);

  /** @param memoryBytes for the values, estimated */
  constructor(fold: Fold<unknown>, memoryBytes: number) {
    this.#fold = fold;
    this.#memoryBytes = memoryBytes;
  }

  ensure(size: number): void {
    if (size > this.#size) this.#size = size;
    while (this.#values.length < this.#size) this.#values.push(undefined);
  }

  add(id: number, value: unknown): void {
    const before = this.#values[id];
    // A slice is reused for the next record, whatever becomes of this one.
    const kept = value instanceof ByteSlice ? value.copy() : value;
    if (!(kept instanceof ByteSlice)) checkJsonValue(kept);
    if (before === undefined) {
      this.#values[id] = kept;
      this.#bytes += ENTRY_BYTES + estimateBytes(kept);
    } else {
      // The fold may change and return its first argument, so that is estimated before it.
      const bytesBefore = estimateBytes(before);
      const after = this.#fold(before, kept);
      if (after === undefined) throw new TypeError("combine returned undefined");
      this.#values[id] = after;
      this.#bytes += estimateBytes(after) - bytesBefore;
    }
    if (this.#bytes > this.#memoryBytes) this.isFull = true;
  }

  has(id: number): boolean {
    return this.#values[id] !== undefined;
  }

  write(id: number, writer: RecordWriter): void {
    const text = this.#text;
    text.length = 0;
    const isBytes = encodeValue(this.#values[id], text);
    writer.value(1, isBytes, text.bytes, 0, text.length);
  }

  clear(): void {
    this.isFull = false;
    this.#values = [];
    this.#size = 0;
    this.#bytes = 0;
  }
}

/** About how much memory a value takes, looked at no deeper than is quick. */
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
