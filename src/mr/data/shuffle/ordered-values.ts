import { Heap } from "../../base/heap.ts";
import { unwatched } from "../../base/utf8.ts";
import type { ValueOrder } from "./group-source.ts";

/** How many values, and bytes of values as JSON, are decoded at a time to be sorted. */
const PIECE_VALUES = 1024;
const PIECE_BYTES = 64 * 1024;
/** The most bytes as JSON of the values that a merge of pieces holds. Two values may have more. */
const MERGE_BYTES = 1024 * 1024;

/** Values of one key in a store, which gives each a number as its reference. */
export interface StoredValues {
  /** The length of a value as JSON, in bytes. */
  lengthOf(reference: number): number;
  /** The value; it is not reused by later calls. */
  decode(reference: number): unknown;
}

/**
 * Sorts values, equal ones in the order they came. All of them decoded would take many times the memory of
 * their texts, so pieces are sorted and then merged, and only the values that are compared are decoded.
 *
 * @param references the values as they came; may be changed
 * @returns the references in order
 */
export function putInOrder(
  references: Uint32Array<ArrayBuffer>,
  values: StoredValues,
  order: ValueOrder,
): Uint32Array {
  const compare = unwatched(order);
  let longest = 1;
  let pieces: Uint32Array<ArrayBuffer>[] = [];
  let start = 0;
  let bytes = 0;
  for (let at = 0; at < references.length; at++) {
    const length = values.lengthOf(references[at] ?? 0);
    if (at > start && (at - start === PIECE_VALUES || bytes + length > PIECE_BYTES)) {
      pieces.push(sortPiece(references.subarray(start, at), values, compare));
      start = at;
      bytes = 0;
    }
    bytes += length;
    longest = Math.max(longest, length);
  }
  pieces.push(sortPiece(references.subarray(start), values, compare));
  const fanIn = Math.max(2, Math.floor(MERGE_BYTES / longest));
  while (pieces.length > 1) {
    const merged: Uint32Array<ArrayBuffer>[] = [];
    for (let from = 0; from < pieces.length; from += fanIn) {
      merged.push(mergePieces(pieces.slice(from, from + fanIn), values, compare));
    }
    pieces = merged;
  }
  return pieces[0] ?? references;
}

function sortPiece(
  piece: Uint32Array<ArrayBuffer>,
  values: StoredValues,
  compare: ValueOrder,
): Uint32Array<ArrayBuffer> {
  const decoded: { reference: number; value: unknown }[] = [];
  for (const reference of piece) decoded.push({ reference, value: values.decode(reference) });
  decoded.sort((a, b) => compare(a.value, b.value));
  for (const [at, { reference }] of decoded.entries()) piece[at] = reference;
  return piece;
}

/** The next value of a piece that is being merged. */
interface Head {
  /** The place among the pieces, which decides between equal values. */
  readonly place: number;
  readonly piece: Uint32Array<ArrayBuffer>;
  at: number;
  value: unknown;
}

function mergePieces(
  pieces: readonly Uint32Array<ArrayBuffer>[],
  values: StoredValues,
  compare: ValueOrder,
): Uint32Array<ArrayBuffer> {
  const merged = new Uint32Array(pieces.reduce((sum, { length }) => sum + length, 0));
  const heap = new Heap<Head>((a, b) => {
    const order = compare(a.value, b.value);
    return order < 0 || (!(order > 0) && a.place < b.place);
  });
  for (const [place, piece] of pieces.entries()) {
    heap.push({ place, piece, at: 0, value: values.decode(piece[0] ?? 0) });
  }
  for (let written = 0; written < merged.length; written++) {
    const head = heap.top as Head;
    merged[written] = head.piece[head.at++] ?? 0;
    if (head.at < head.piece.length) {
      head.value = values.decode(head.piece[head.at] ?? 0);
      heap.sinkTop();
    } else heap.removeTop();
  }
  return merged;
}
