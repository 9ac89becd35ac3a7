import { ByteSlice } from "../../app/contract/byte-slice.ts";
import { appendBytes, ByteBuffer } from "../../base/byte-target.ts";
import { Heap } from "../../base/heap.ts";
import { decodeUtf8, unwatched } from "../../base/utf8.ts";
import type { GroupSource, ValueOrder } from "./group-source.ts";
import { compareKeys, RunCursor } from "./run-cursor.ts";
import type { Run } from "./run-file.ts";
import { ValueDecoder } from "./value-codec.ts";

interface Candidate {
  readonly cursor: RunCursor;
  /** The place among the runs, which decides between equal keys and equal values. */
  readonly place: number;
  /** The value that the cursor stands at, decoded once, while the run has values of the group. */
  value: unknown;
}

/**
 * A {@link GroupSource} of runs whose values are in an order of the app's. The values of each key must be
 * in that order in each run; equal values come in the order of the runs.
 *
 * It holds a buffer per run in memory, however large the groups are.
 */
export class OrderedMerger implements GroupSource {
  readonly key = new ByteSlice(new Uint8Array(0));
  count = 0;
  isBytes = false;
  bytes: Buffer = Buffer.alloc(0);
  valueStart = 0;
  valueEnd = 0;

  readonly #cursors: RunCursor[] = [];
  /** Runs without values of the group that still have lines, by the keys of these. */
  readonly #heap = new Heap<Candidate>((a, b) => {
    const order = compareKeys(a.cursor, b.cursor);
    return order < 0 || (order === 0 && a.place < b.place);
  });
  readonly #order: ValueOrder;
  readonly #key = new ByteBuffer(256);
  readonly #decoder = new ValueDecoder();
  /** Runs that stand at a value of the group, in their order. */
  #candidates: Candidate[] = [];
  /** The one whose value was given last. */
  #previous: Candidate | undefined;

  constructor(runs: readonly Run[], bufferBytes: number, order: ValueOrder) {
    this.#order = unwatched(order);
    try {
      for (const [place, run] of runs.entries()) {
        const cursor = new RunCursor(run, bufferBytes);
        this.#cursors.push(cursor);
        if (cursor.nextLine()) this.#heap.push({ cursor, place, value: undefined });
      }
    } catch (error) {
      this.close();
      throw error;
    }
  }

  get keyText(): string {
    const { bytes, start, end } = this.key;
    return decodeUtf8(bytes, start, end, "given");
  }

  get bytesRead(): number {
    let bytes = 0;
    for (const cursor of this.#cursors) bytes += cursor.file.bytesRead;
    return bytes;
  }

  close(): void {
    for (const cursor of this.#cursors) cursor.close();
  }

  nextGroup(): boolean {
    while (this.nextValue());
    const first = this.#heap.top;
    if (first === undefined) return false;
    const { keyBytes, keyStart, keyEnd } = first.cursor;
    this.#key.length = 0;
    appendBytes(this.#key, keyBytes, keyStart, keyEnd);
    this.key.bytes = this.#key.bytes;
    this.key.end = this.#key.length;
    this.#gather();
    return true;
  }

  nextValue(): boolean {
    if (this.#previous !== undefined) this.#advance(this.#previous);
    this.#previous = undefined;
    let [min] = this.#candidates;
    if (min === undefined) return false;
    for (const candidate of this.#candidates) {
      if (candidate !== min && this.#order(candidate.value, min.value) < 0) min = candidate;
    }
    this.#previous = min;
    const { count, isBytes, bytes, valueStart, valueEnd } = min.cursor;
    this.count = count;
    this.isBytes = isBytes;
    this.bytes = bytes;
    this.valueStart = valueStart;
    this.valueEnd = valueEnd;
    return true;
  }

  /** Numbers are known only after they have been decoded. */
  nextNumbers(): undefined {
    return undefined;
  }

  decode(): unknown {
    return this.#previous === undefined ? undefined : this.#decode(this.#previous.cursor);
  }

  #decode({ bytes, valueStart, valueEnd, isBytes, isPlain }: RunCursor): unknown {
    return this.#decoder.decode(bytes, valueStart, valueEnd, isBytes, isPlain);
  }

  #gather(): void {
    for (let { top } = this.#heap; top !== undefined; top = this.#heap.top) {
      if (!this.#isOfGroup(top.cursor)) break;
      this.#heap.removeTop();
      this.#candidates.push(top);
      top.cursor.nextValue();
      top.value = this.#keptValue(top.cursor);
    }
  }

  #isOfGroup({ keyBytes, keyStart, keyEnd }: RunCursor): boolean {
    const { bytes, end } = this.key;
    if (keyEnd - keyStart !== end) return false;
    for (let i = 0; i < end; i++) if (bytes[i] !== keyBytes[keyStart + i]) return false;
    return true;
  }

  /** Moves a run to its next value of the group, or back to the heap. */
  #advance(candidate: Candidate): void {
    const { cursor } = candidate;
    let isMore = cursor.nextValue();
    if (!isMore) {
      const isLine = cursor.nextLine();
      isMore = isLine && this.#isOfGroup(cursor) && cursor.nextValue();
      if (isLine && !isMore) this.#heap.push(candidate);
    }
    if (isMore) candidate.value = this.#keptValue(cursor);
    else this.#candidates = this.#candidates.filter((other) => other !== candidate);
  }

  #keptValue(cursor: RunCursor): unknown {
    let value: unknown;
    try {
      value = this.#decode(cursor);
    } catch {
      throw cursor.file.malformed();
    }
    // The decoder reuses one slice, but two values are compared.
    return value instanceof ByteSlice ? value.copy() : value;
  }
}
