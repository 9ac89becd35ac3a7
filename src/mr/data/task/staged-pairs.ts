import { crc32 } from "node:zlib";
import { ByteSlice, type Text } from "../../app/contract/byte-slice.ts";
import { numberFoldKind } from "../../app/contract/combiners.ts";
import type { Emit } from "../../app/contract/contract.ts";
import type { RecordApp } from "../../app/contract/define-app.ts";
import { appendBytes, appendShortAscii, ByteBuffer } from "../../base/byte-target.ts";
import { describeCause, MrError } from "../../base/errors.ts";
import { encodeUtf8 } from "../../base/utf8.ts";
import type { PendingFile, Segment } from "../../storage/pending-file.ts";
import type { LocalFile, Scratch } from "../../storage/storage.ts";
import { checkFoldable } from "../shuffle/number-store.ts";
import { decodeValue, encodeValue } from "../shuffle/value-codec.ts";

/** How much is held in memory before it is written to a file. */
const HELD_BYTES = 256 * 1024;
/** Before each pair: the lengths of its key and its value, and whether the value is a byte slice. */
const HEADER_BYTES = 9;

/**
 * Holds back the pairs of one record until `map` has returned, because a record that is skipped must not emit
 * anything. The pairs are held as bytes, and if there are many, in a file.
 */
export class StagedPairs {
  /** Takes a pair; to be called without `this`. */
  readonly emit: Emit<unknown>;
  readonly #target: Emit<unknown>;
  readonly #scratch: Scratch | undefined;
  readonly #name: string;
  /** Whole pairs. A value that is not a byte slice is its JSON text. */
  readonly #held = new ByteBuffer(HELD_BYTES);
  #file: PendingFile | undefined;
  /** The pairs in the file, in pieces of whole pairs. */
  #segments: Segment[] = [];
  #state: "open" | "closed" = "open";

  /**
   * @param combine of the app: values that it can't fold are refused at once
   * @param scratch gets the pairs of a record that has many; without it, all stay in memory
   */
  constructor(target: Emit<unknown>, combine: RecordApp["combine"], scratch?: Scratch, task = 0) {
    this.#target = target;
    this.#scratch = scratch;
    this.#name = `mr-${task}-staged`;
    const kind = combine === undefined ? undefined : numberFoldKind(combine);
    const held = this.#held;
    this.emit = (key, value) => {
      if (this.#state === "closed") throw new Error("emit was called after the map task had ended");
      if (typeof key !== "string" && !(key instanceof ByteSlice)) {
        throw new TypeError(`the key is of type ${typeof key}, not a string or a byte slice`);
      }
      if (kind !== undefined) checkFoldable(kind, value);
      const { length } = held;
      try {
        this.#append(key, value);
      } catch (error) {
        held.length = length;
        throw error;
      }
      if (held.length >= HELD_BYTES && scratch !== undefined) this.#moveToFile(scratch);
    };
  }

  release(): void {
    if (this.#file !== undefined && this.#scratch !== undefined) {
      this.#releaseFile(this.#file, this.#scratch);
    }
    this.#releaseHeld();
  }

  drop(): void {
    this.#held.length = 0;
    this.#segments = [];
    if (this.#file !== undefined) this.#scratch?.remove(this.#file);
    this.#file = undefined;
  }

  /** Nothing may be emitted any more. */
  close(): void {
    this.#state = "closed";
  }

  #append(key: Text, value: unknown): void {
    const held = this.#held;
    const start = held.length;
    held.ensure(HEADER_BYTES);
    held.length += HEADER_BYTES;
    if (key instanceof ByteSlice) appendBytes(held, key.bytes, key.start, key.end);
    else if (!appendShortAscii(held, key)) {
      const bytes = encodeUtf8(key);
      appendBytes(held, bytes, 0, bytes.length);
    }
    const valueStart = held.length;
    const isBytes = value instanceof ByteSlice;
    if (isBytes) appendBytes(held, value.bytes, value.start, value.end);
    else encodeValue(value, held);
    const { view } = held;
    view.setUint32(start, valueStart - start - HEADER_BYTES);
    view.setUint32(start + 4, held.length - valueStart);
    view.setUint8(start + 8, isBytes ? 1 : 0);
  }

  #releaseHeld(): void {
    const { bytes, view, length } = this.#held;
    const target = this.#target;
    const key = new ByteSlice(bytes, 0, 0);
    const slice = new ByteSlice(bytes, 0, 0);
    for (let at = 0; at < length; ) {
      key.start = at + HEADER_BYTES;
      key.end = key.start + view.getUint32(at);
      const valueEnd = key.end + view.getUint32(at + 4);
      if (view.getUint8(at + 8) === 0) {
        target(key, decodeValue(bytes, key.end, valueEnd));
      } else {
        slice.start = key.end;
        slice.end = valueEnd;
        target(key, slice);
      }
      at = valueEnd;
    }
    this.#held.length = 0;
  }

  #moveToFile(scratch: Scratch): void {
    const held = this.#held;
    this.#file ??= scratch.file(this.#name);
    this.#file.write(held.bytes.subarray(0, held.length));
    this.#segments.push(this.#file.endSegment());
    held.length = 0;
  }

  #releaseFile(written: PendingFile, scratch: Scratch): void {
    this.#moveToFile(scratch);
    written.finish();
    const file = scratch.open(written.path);
    try {
      for (const segment of this.#segments) {
        this.#readSegment(file, segment);
        this.#releaseHeld();
      }
    } finally {
      file.close();
    }
    this.drop();
  }

  #readSegment(file: LocalFile, { path, start, end, crc32: expected }: Segment): void {
    const held = this.#held;
    held.ensure(end - start);
    const bytes = held.bytes.subarray(0, end - start);
    let filled = 0;
    try {
      while (filled < bytes.length) {
        const count = file.read(bytes, filled, bytes.length, start + filled);
        if (count === 0) break;
        filled += count;
      }
    } catch (error) {
      throw unreadable(path, describeCause(error));
    }
    if (filled < bytes.length || crc32(bytes) !== expected) {
      throw unreadable(path, "they are not what was written");
    }
    held.length = filled;
  }
}

function unreadable(path: string, why: string): MrError {
  return new MrError("OUTPUT_UNREADABLE", `Cannot read held back pairs "${path}": ${why}`);
}
