import { ByteSlice } from "../../app/contract/byte-slice.ts";
import { type Fold, numberFoldKind, type Union } from "../../app/contract/combiners.ts";
import { ByteBuffer } from "../../base/byte-target.ts";
import { MrError } from "../../base/errors.ts";
import { messageOf, quoteKey, stackOf } from "../../base/thrown.ts";
import { noteTextBytes } from "../../base/utf8.ts";
import type { GroupSource } from "./group-source.ts";
import type { RecordWriter } from "./record-writer.ts";
import { encodeValue } from "./value-codec.ts";

/** A union that takes more memory than this starts again, and may then keep a value twice. */
const MAX_UNION_BYTES = 2 * 1024 * 1024;
/** Estimated memory of a value of a union besides its text. */
const UNION_VALUE_BYTES = 64;

export type Combine = Fold<unknown> | Union;

/** Values of a key could not be combined, or their combination can't be carried. */
export class CombineError extends TypeError {
  override name = "CombineError";

  constructor(key: string, cause: unknown) {
    super(`combine failed on key ${quoteKey(key)}: ${messageOf(cause)}`, { cause });
    // The app's own stack helps more.
    const stack = stackOf(cause);
    if (stack !== undefined) this.stack = stack;
  }
}

export function withKey(error: unknown, key: string): unknown {
  return error instanceof MrError ? error : new CombineError(key, error);
}

/**
 * Writes the values of the merger's group into the group that `writer` has begun: as they are, or combined.
 *
 * @throws CombineError when `combine` throws, or returns what JSON can't carry
 */
export function combineGroup(
  merger: GroupSource,
  writer: RecordWriter,
  combine: Combine | undefined,
): void {
  if (combine === undefined) {
    while (merger.nextValue()) {
      const { count, isBytes, bytes, valueStart, valueEnd } = merger;
      writer.value(count, isBytes, bytes, valueStart, valueEnd);
    }
  } else if (typeof combine === "function") {
    try {
      foldValues(merger, writer, combine);
    } catch (error) {
      throw withKey(error, writer.keyText);
    }
  } else copyDistinct(merger, writer);
}

const scratch = new ByteBuffer(1024);

function foldValues(merger: GroupSource, writer: RecordWriter, fold: Fold<unknown>): void {
  let result: unknown;
  let isFirst = true;
  const kind = numberFoldKind(fold);
  const isIdempotent = kind === "min" || kind === "max";
  while (merger.nextValue()) {
    const value = merger.decode();
    const kept = value instanceof ByteSlice ? value.copy() : value;
    for (let left = isIdempotent ? 1 : merger.count; left > 0; left--) {
      result = isFirst ? kept : fold(result, kept);
      isFirst = false;
    }
  }
  scratch.length = 0;
  const isBytes = encodeValue(result, scratch);
  if (!isBytes) noteTextBytes(scratch.bytes, scratch.length);
  writer.value(1, isBytes, scratch.bytes, 0, scratch.length);
}

function copyDistinct(merger: GroupSource, writer: RecordWriter): void {
  const seen = new Set<string>();
  let seenBytes = 0;
  while (merger.nextValue()) {
    const { isBytes, bytes, valueStart, valueEnd } = merger;
    const text = `${isBytes}${bytes.toString("latin1", valueStart, valueEnd)}`;
    if (seen.has(text)) continue;
    if (seenBytes > MAX_UNION_BYTES) {
      seen.clear();
      seenBytes = 0;
    }
    seen.add(text);
    seenBytes += UNION_VALUE_BYTES + text.length;
    writer.value(1, isBytes, bytes, valueStart, valueEnd);
  }
}
