import { ByteBuffer } from "../../base/byte-target.ts";
import type { KeyTable } from "../../kernel/kernel.ts";
import type { ValueOrder } from "./group-source.ts";
import { putInOrder } from "./ordered-values.ts";
import type { RecordWriter } from "./record-writer.ts";
import { decodeStored, encodeValue } from "./value-codec.ts";
import { enlarged, type ValueStore } from "./value-store.ts";

const NONE = 0xffffffff;
/** Bytes of a pair: value, key, next, and two slots of its hash table. */
const PAIR_BYTES = 24;
const MIN_PAIRS = 1024;
const MIN_SLOTS = 8192;
/** The first byte of the text of a byte slice; 0 for other values. */
const BYTES = 1;

/**
 * The distinct values of each key. Values are interned by their JSON texts, so that a pair of key and
 * value is two numbers, and is found in a table of such pairs.
 */
export class UnionStore implements ValueStore {
  isFull = false;
  readonly #order: ValueOrder | undefined;
  readonly #texts: KeyTable;
  readonly #textLimit: number;
  readonly #scratch = new ByteBuffer(1024);
  readonly #maxPairs: number;
  #pairs = 0;
  readonly #value: Uint32Array;
  readonly #key: Uint32Array;
  readonly #next: Uint32Array;
  /** Open addressing: a pair's number plus one, or 0. At most half of the slots are taken. */
  #slots = new Uint32Array(MIN_SLOTS);
  #first = new Uint32Array(0);
  #last = new Uint32Array(0);
  #lastString: string | undefined;
  #lastStringId = 0;

  /** @param texts an empty table, for the JSON texts of values */
  constructor(memoryBytes: number, texts: KeyTable, order: ValueOrder | undefined) {
    this.#order = order;
    this.#texts = texts;
    this.#textLimit = memoryBytes / 3;
    this.#maxPairs = Math.max(MIN_PAIRS, Math.floor((memoryBytes * 2) / 3 / PAIR_BYTES));
    this.#value = new Uint32Array(this.#maxPairs);
    this.#key = new Uint32Array(this.#maxPairs);
    this.#next = new Uint32Array(this.#maxPairs);
  }

  ensure(size: number): void {
    if (size <= this.#first.length) return;
    this.#first = enlarged(this.#first, size, NONE);
    this.#last = enlarged(this.#last, size, NONE);
  }

  add(id: number, value: unknown): void {
    const valueId = this.#valueId(value);
    const isFirst = this.#first[id] === NONE;
    const last = this.#last[id] ?? 0;
    if (!isFirst && this.#value[last] === valueId) return;
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = slotOf(id, valueId, mask);
    for (;;) {
      const pair = (slots[slot] ?? 0) - 1;
      if (pair < 0) break;
      if (this.#key[pair] === id && this.#value[pair] === valueId) return;
      slot = (slot + 1) & mask;
    }
    const pair = this.#pairs++;
    slots[slot] = pair + 1;
    this.#key[pair] = id;
    this.#value[pair] = valueId;
    this.#next[pair] = NONE;
    if (isFirst) this.#first[id] = pair;
    else this.#next[last] = pair;
    this.#last[id] = pair;
    if (pair + 2 > this.#maxPairs) this.isFull = true;
    if (2 * this.#pairs > slots.length) this.#growSlots();
  }

  has(id: number): boolean {
    return this.#first[id] !== NONE;
  }

  write(id: number, writer: RecordWriter): void {
    if (this.#order !== undefined) {
      this.#writeInOrder(id, this.#order, writer);
      return;
    }
    for (let pair = this.#first[id] ?? NONE; pair !== NONE; pair = this.#next[pair] ?? NONE) {
      this.#writeText(this.#value[pair] ?? 0, writer);
    }
  }

  clear(): void {
    this.isFull = false;
    this.#texts.clear();
    if (this.#pairs > 0) this.#slots.fill(0);
    this.#pairs = 0;
    this.#first.fill(NONE);
    this.#lastString = undefined;
  }

  #writeInOrder(id: number, order: ValueOrder, writer: RecordWriter): void {
    const ids: number[] = [];
    for (let pair = this.#first[id] ?? NONE; pair !== NONE; pair = this.#next[pair] ?? NONE) {
      ids.push(this.#value[pair] ?? 0);
    }
    const texts = this.#texts;
    const values = {
      lengthOf: (value: number) => texts.keyLength(value),
      decode: (value: number) => {
        const view = texts.key(value);
        const text = Buffer.from(view.buffer, view.byteOffset, view.length);
        return decodeStored(text, 1, text.length, text[0] === BYTES);
      },
    };
    for (const value of putInOrder(Uint32Array.from(ids), values, order)) {
      this.#writeText(value, writer);
    }
  }

  #writeText(valueId: number, writer: RecordWriter): void {
    const text = this.#texts.key(valueId);
    writer.value(1, text[0] === BYTES, text, 1, text.length);
  }

  #growSlots(): void {
    const slots = new Uint32Array(2 * this.#slots.length);
    const mask = slots.length - 1;
    for (let pair = 0; pair < this.#pairs; pair++) {
      let slot = slotOf(this.#key[pair] ?? 0, this.#value[pair] ?? 0, mask);
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = pair + 1;
    }
    this.#slots = slots;
  }

  /** The id of a value: its JSON text, after a byte that says whether it is a slice. */
  #valueId(value: unknown): number {
    if (typeof value === "string" && value === this.#lastString) return this.#lastStringId;
    const scratch = this.#scratch;
    scratch.length = 1;
    const isBytes = encodeValue(value, scratch);
    scratch.bytes[0] = isBytes ? BYTES : 0;
    const id = this.#texts.intern(scratch.bytes, 0, scratch.length);
    if (typeof value === "string") {
      this.#lastString = value;
      this.#lastStringId = id;
    }
    if (this.#texts.keyBytes > this.#textLimit) this.isFull = true;
    return id;
  }
}

function slotOf(id: number, valueId: number, mask: number): number {
  const hash = (Math.imul(id, 0x9e3779b1) ^ Math.imul(valueId, 0x85ebca6b)) >>> 0;
  return (hash ^ (hash >>> 15)) & mask;
}
