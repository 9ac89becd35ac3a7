import { ByteSlice } from "../../app/contract/byte-slice.ts";
import { ByteBuffer } from "../../base/byte-target.ts";
import { CursorHeap, haveEqualKeys } from "./cursor-heap.ts";
import type { GroupSource } from "./group-source.ts";
import { RunCursor } from "./run-cursor.ts";
import type { Run } from "./run-file.ts";
import { ValueDecoder } from "./value-codec.ts";

/** The order of values of a key, if there is one to keep. */
export type ValueOrder = ((a: unknown, b: unknown) => number) | undefined;

/** A cursor with the value that it stands at, decoded once. */
interface Candidate {
  readonly cursor: RunCursor;
  value: unknown;
}

/** Where a value is; see {@link RunCursor}. */
interface Value {
  readonly isBytes: boolean;
  readonly isPlain: boolean;
  readonly bytes: Buffer;
  readonly valueStart: number;
  readonly valueEnd: number;
}

/**
 * Merges sorted runs into one sorted sequence of groups, each key once. The values of a key come in the
 * order of the runs, and within a run in its own order; or in a given order, in which each run has them
 * already.
 *
 * Nothing is held in memory but a buffer per run. Values are gone through by {@link nextValue}, and are
 * valid until its next call.
 */
export class GroupMerger implements GroupSource {
  /** The key of the group. */
  readonly key = new ByteSlice(new Uint8Array(0));
  /** The run of equal values that {@link nextValue} moved to, as in {@link RunCursor}. */
  count = 0;
  isBytes = false;
  bytes: Buffer = Buffer.alloc(0);
  valueStart = 0;
  valueEnd = 0;
  isPlain = false;

  readonly #cursors: RunCursor[] = [];
  readonly #heap: CursorHeap;
  readonly #order: ValueOrder;
  readonly #keyBuffer = new ByteBuffer(256);
  readonly #decoder = new ValueDecoder();
  /** The cursor whose line values are taken from; undefined before the first group and after each. */
  #current: RunCursor | undefined;
  /** With an order: the cursors that stand at a value of the group, in the order of the runs. */
  #candidates: Candidate[] = [];
  #previous: Candidate | undefined;

  /**
   * @param runs in the order that decides between equal keys
   * @param bufferBytes for each run
   * @throws DamagedRunError when a run can't be opened or is not what it should be
   */
  constructor(runs: readonly Run[], bufferBytes: number, order: ValueOrder) {
    this.#order = order;
    this.#heap = new CursorHeap();
    try {
      for (const run of runs) {
        const cursor = new RunCursor(run, bufferBytes);
        this.#cursors.push(cursor);
        if (cursor.nextLine()) this.#heap.push(cursor);
      }
    } catch (error) {
      this.close();
      throw error;
    }
  }

  get keyText(): string {
    return this.key.toString();
  }

  /** None is at hand before it is decoded. */
  nextNumbers(): undefined {
    return undefined;
  }

  /** How many bytes of all runs have been read so far. */
  get bytesRead(): number {
    let bytes = 0;
    for (const cursor of this.#cursors) bytes += cursor.bytesRead;
    return bytes;
  }

  /** Closes all runs. Whoever stops early, or fails, leaves no file open. */
  close(): void {
    for (const cursor of this.#cursors) cursor.close();
  }

  /** Moves to the next group; values left in this one are passed over. False at the end of all runs. */
  nextGroup(): boolean {
    while (this.nextValue());
    const { top } = this.#heap;
    if (top === undefined) return false;
    this.#takeKey(top);
    if (this.#order === undefined) this.#current = top;
    else this.#gather(top);
    return true;
  }

  /** Moves to the next run of equal values of the group; false when there is none. */
  nextValue(): boolean {
    if (this.#order !== undefined) return this.#nextInOrder();
    for (;;) {
      const cursor = this.#current;
      if (cursor === undefined) return false;
      if (cursor.nextValue()) {
        this.#show(cursor);
        return true;
      }
      if (cursor.nextLine()) this.#heap.sinkTop();
      else this.#heap.removeTop();
      const { top } = this.#heap;
      this.#current = top !== undefined && this.#isOfGroup(top) ? top : undefined;
    }
  }

  /** The value, decoded. A byte slice is one that is reused for the next value. */
  decode(): unknown {
    return this.#decode(this);
  }

  #decode({ isBytes, isPlain, bytes, valueStart, valueEnd }: Value): unknown {
    return this.#decoder.decode(bytes, valueStart, valueEnd, isBytes, isPlain);
  }

  #show(cursor: RunCursor): void {
    this.count = cursor.count;
    this.isBytes = cursor.isBytes;
    this.bytes = cursor.bytes;
    this.valueStart = cursor.valueStart;
    this.valueEnd = cursor.valueEnd;
    this.isPlain = cursor.isPlain;
  }

  /** Copies the key: the cursor that has it moves on while the values are gone through. */
  #takeKey({ keyBytes, keyStart, keyEnd }: RunCursor): void {
    const buffer = this.#keyBuffer;
    const length = keyEnd - keyStart;
    buffer.length = 0;
    buffer.ensure(length);
    const { bytes } = buffer;
    for (let i = 0; i < length; i++) bytes[i] = keyBytes[keyStart + i] ?? 0;
    this.key.bytes = bytes;
    this.key.end = length;
  }

  #isOfGroup({ keyBytes, keyStart, keyEnd }: RunCursor): boolean {
    const { bytes, end } = this.key;
    if (keyEnd - keyStart !== end) return false;
    for (let i = 0; i < end; i++) if (bytes[i] !== keyBytes[keyStart + i]) return false;
    return true;
  }

  /** Takes all cursors that are at the group off the heap. */
  #gather(first: RunCursor): void {
    for (let top: RunCursor | undefined = first; top !== undefined; top = this.#heap.top) {
      if (!haveEqualKeys(top, first)) break;
      this.#candidates.push({ cursor: top, value: undefined });
      this.#heap.removeTop();
    }
    for (const candidate of this.#candidates) {
      candidate.cursor.nextValue();
      candidate.value = this.#valueOf(candidate.cursor);
    }
    this.#previous = undefined;
  }

  #nextInOrder(): boolean {
    if (this.#previous !== undefined) this.#advance(this.#previous);
    this.#previous = undefined;
    const order = this.#order;
    let [least] = this.#candidates;
    if (order === undefined || least === undefined) return false;
    for (const candidate of this.#candidates) {
      if (candidate !== least && order(candidate.value, least.value) < 0) least = candidate;
    }
    this.#previous = least;
    this.#show(least.cursor);
    return true;
  }

  /** Moves a cursor to its next value of the group, or back into the heap. */
  #advance(candidate: Candidate): void {
    const { cursor } = candidate;
    let isMore = cursor.nextValue();
    if (!isMore) {
      const isLine = cursor.nextLine();
      isMore = isLine && this.#isOfGroup(cursor) && cursor.nextValue();
      if (isLine && !isMore) this.#heap.push(cursor);
    }
    if (isMore) candidate.value = this.#valueOf(cursor);
    else this.#candidates = this.#candidates.filter((other) => other !== candidate);
  }

  #valueOf(cursor: RunCursor): unknown {
    const value = this.#decode(cursor);
    // Two of them are compared, and there is one slice only that is reused.
    return value instanceof ByteSlice ? value.copy() : value;
  }
}
