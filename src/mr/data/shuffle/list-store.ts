import { ByteBuffer, reserve } from "../../base/byte-target.ts";
import type { ValueOrder } from "./group-source.ts";
import { putInOrder } from "./ordered-values.ts";
import type { RecordWriter } from "./record-writer.ts";
import { decodeStored, encodeValue } from "./value-codec.ts";
import { enlarged, type ValueStore } from "./value-store.ts";

const NONE = 0xffffffff;
const MAX_COUNT = 0xffffffff;
/** A value's length is kept in one number with whether it is a byte slice. */
const MAX_VALUE_BYTES = 0x7fffffff;
/** The share of the memory for the values; the records that refer to them get the rest. */
const VALUE_SHARE = 0.75;
const RECORD_BYTES = 16;
/** A record is four numbers. The first says where its value is. */
const AT = 0;
/** Twice the length of the value, plus one for a byte slice. */
const SIZE = 1;
const COUNT = 2;
/** The next record of the key. All references to records are four times their number. */
const NEXT = 3;
const MIN_RECORDS = 1024;
const CACHE_LINE_BYTES = 64;
/** After this many values {@link ListStore.takeProbe} tells how often keys repeat; sooner if few fit. */
const PROBE_VALUES = 4096;
const MIN_PROBE_VALUES = 16;
const BYTES_PER_PROBE_VALUE = 4096;
/** With more distinct keys than this per value, a table of keys is not worth its cost. */
const FEW_REPEATS = 0.8;

/**
 * All values of each key, as JSON texts one after the other in one buffer, chained by key: for apps
 * without a combiner. A value that repeats the one before it takes no memory.
 */
export class ListStore implements ValueStore {
  isFull = false;
  readonly #order: ValueOrder | undefined;
  readonly #values: ByteBuffer;
  readonly #valueLimit: number;
  readonly #maxRecords: number;
  /** The records. The numbers of one are side by side because they are read together. */
  readonly #table: Uint32Array;
  #records = 0;
  #added = 0;
  #keys = 0;
  readonly #probeValues: number;
  #isProbed = false;
  #first = new Uint32Array(0);
  #last = new Uint32Array(0);
  /** The last string that was added, and where it is: a repeated string is not stored again. */
  #lastString: string | undefined;
  #lastStringAt = 0;
  #lastStringSize = 0;

  /** @param memoryBytes for values and records; memory per key comes on top */
  constructor(memoryBytes: number, order: ValueOrder | undefined) {
    this.#order = order;
    const probeValues = Math.floor(memoryBytes / BYTES_PER_PROBE_VALUE);
    this.#probeValues = Math.max(MIN_PROBE_VALUES, Math.min(PROBE_VALUES, probeValues));
    this.#valueLimit = Math.min(Math.floor(memoryBytes * VALUE_SHARE), 2 ** 31);
    this.#values = new ByteBuffer(this.#valueLimit);
    const records = Math.floor((memoryBytes * (1 - VALUE_SHARE)) / RECORD_BYTES);
    this.#maxRecords = Math.max(MIN_RECORDS, records);
    this.#table = new Uint32Array(reserve(RECORD_BYTES * this.#maxRecords));
  }

  ensure(size: number): void {
    if (size <= this.#first.length) return;
    this.#first = enlarged(this.#first, size, NONE);
    this.#last = enlarged(this.#last, size, NONE);
  }

  /** Whether {@link isFull} was set because it is now known how often keys repeat: true once, and makes room. */
  takeProbe(): boolean {
    if (this.#added !== this.#probeValues || this.#isProbed) return false;
    this.#isProbed = true;
    this.isFull = false;
    return true;
  }

  get hasFewRepeats(): boolean {
    return this.#keys >= FEW_REPEATS * this.#added;
  }

  add(id: number, value: unknown): void {
    if (++this.#added === this.#probeValues) this.isFull = true;
    if (typeof value === "string" && value === this.#lastString) {
      this.#append(id, this.#lastStringAt, this.#lastStringSize);
      return;
    }
    const values = this.#values;
    const at = values.length;
    const isBytes = encodeValue(value, values);
    const length = values.length - at;
    if (length > MAX_VALUE_BYTES) throw new RangeError(`the value has ${length} bytes as JSON`);
    const size = length * 2 + (isBytes ? 1 : 0);
    if (typeof value === "string") {
      this.#lastString = value;
      this.#lastStringAt = at;
      this.#lastStringSize = size;
    }
    if (values.length >= this.#valueLimit - 1024) this.isFull = true;
    this.#append(id, at, size);
  }

  has(id: number): boolean {
    return this.#first[id] !== NONE;
  }

  write(id: number, writer: RecordWriter): void {
    if (this.#order !== undefined) {
      this.#writeInOrder(id, this.#order, writer);
      return;
    }
    const { bytes } = this.#values;
    const table = this.#table;
    for (let at = this.#first[id] ?? NONE; at !== NONE; at = table[at + NEXT] ?? NONE) {
      this.#writeRecord(at, bytes, writer);
    }
  }

  /** Calls `take` for each time that a value of `id` was added. */
  forEach(
    id: number,
    take: (isBytes: boolean, bytes: Uint8Array, start: number, end: number) => void,
  ): void {
    const table = this.#table;
    for (
      let record = this.#first[id] ?? NONE;
      record !== NONE;
      record = table[record + NEXT] ?? NONE
    ) {
      const at = table[record + AT] ?? 0;
      const size = table[record + SIZE] ?? 0;
      for (let left = table[record + COUNT] ?? 0; left > 0; left--) {
        take((size & 1) === 1, this.#values.bytes, at, at + (size >>> 1));
      }
    }
  }

  preload(ids: Uint32Array, from: number, to: number): number {
    const { bytes } = this.#values;
    const table = this.#table;
    let sum = 0;
    for (let index = from; index < to; index++) {
      const at = table[(this.#first[ids[index] ?? 0] ?? 0) + AT] ?? 0;
      sum += (bytes[at] ?? 0) + (bytes[at + CACHE_LINE_BYTES] ?? 0);
    }
    return sum;
  }

  clear(): void {
    this.isFull = false;
    this.#values.length = 0;
    this.#records = 0;
    this.#added = 0;
    this.#keys = 0;
    this.#isProbed = false;
    this.#first.fill(NONE);
    this.#last.fill(NONE);
    this.#lastString = undefined;
  }

  #append(id: number, at: number, size: number): void {
    const table = this.#table;
    const previous = this.#last[id] ?? NONE;
    const isFirst = previous === NONE;
    if (!isFirst && table[previous + AT] === at && table[previous + SIZE] === size) {
      const count = table[previous + COUNT] ?? 0;
      if (count < MAX_COUNT) {
        table[previous + COUNT] = count + 1;
        return;
      }
    }
    const record = 4 * this.#records++;
    table[record + AT] = at;
    table[record + SIZE] = size;
    table[record + COUNT] = 1;
    table[record + NEXT] = NONE;
    if (isFirst) {
      this.#first[id] = record;
      this.#keys += 1;
    } else table[previous + NEXT] = record;
    this.#last[id] = record;
    if (this.#records + 1 > this.#maxRecords) this.isFull = true;
  }

  #writeInOrder(id: number, order: ValueOrder, writer: RecordWriter): void {
    const { bytes } = this.#values;
    const table = this.#table;
    let count = 0;
    for (let at = this.#first[id] ?? NONE; at !== NONE; at = table[at + NEXT] ?? NONE) count += 1;
    const records = new Uint32Array(count);
    for (let index = 0, at = this.#first[id] ?? NONE; index < count; index++) {
      records[index] = at;
      at = table[at + NEXT] ?? NONE;
    }
    const values = {
      lengthOf: (of: number) => (table[of + SIZE] ?? 0) >>> 1,
      decode: (of: number) => {
        const at = table[of + AT] ?? 0;
        const size = table[of + SIZE] ?? 0;
        return decodeStored(bytes, at, at + (size >>> 1), (size & 1) === 1);
      },
    };
    for (const next of putInOrder(records, values, order)) this.#writeRecord(next, bytes, writer);
  }

  #writeRecord(record: number, bytes: Buffer, writer: RecordWriter): void {
    const table = this.#table;
    const at = table[record + AT] ?? 0;
    const size = table[record + SIZE] ?? 0;
    writer.value(table[record + COUNT] ?? 0, (size & 1) === 1, bytes, at, at + (size >>> 1));
  }
}
