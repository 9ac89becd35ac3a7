/** So many values, or bytes of them as JSON, are decoded at a time to be put in order. */
const PIECE_VALUES = 1024;
const PIECE_BYTES = 64 * 1024;
/** The values that a merge of pieces compares are so many bytes at most, as JSON, unless two are more. */
const MERGE_BYTES = 1024 * 1024;

/** Values of one key as a store has them. References are numbers that mean something to it only. */
export interface StoredValues {
  /** The length of a value as JSON, in bytes. */
  lengthOf(reference: number): number;
  /** The value, which no later call changes. */
  decode(reference: number): unknown;
}

type Compare = (a: unknown, b: unknown) => number;

/**
 * Puts values in order, equal ones in the order they came. Decoded, all of them would take many times the
 * memory of their texts: so pieces are sorted, then merged, and only what is compared is decoded.
 *
 * @param references the values as they came; may be changed
 * @returns the references in order
 */
export function putInOrder(
  references: Uint32Array<ArrayBuffer>,
  values: StoredValues,
  compare: Compare,
): Uint32Array {
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
  compare: Compare,
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
  compare: Compare,
): Uint32Array<ArrayBuffer> {
  const merged = new Uint32Array(pieces.reduce((sum, { length }) => sum + length, 0));
  const isBefore = (a: Head, b: Head): boolean => {
    const order = compare(a.value, b.value);
    return order < 0 || (!(order > 0) && a.place < b.place);
  };
  const heap = pieces.map((piece, place) => {
    return { place, piece, at: 0, value: values.decode(piece[0] ?? 0) };
  });
  for (let root = (heap.length >> 1) - 1; root >= 0; root--) sink(heap, root, isBefore);
  for (let written = 0; written < merged.length; written++) {
    const head = heap[0] as Head;
    merged[written] = head.piece[head.at++] ?? 0;
    if (head.at < head.piece.length) {
      head.value = values.decode(head.piece[head.at] ?? 0);
    } else {
      const last = heap.pop() as Head;
      if (heap.length > 0) heap[0] = last;
    }
    sink(heap, 0, isBefore);
  }
  return merged;
}

/** Restores the order of a heap of which the one at `root` may come too late. */
function sink(heap: Head[], root: number, isBefore: (a: Head, b: Head) => boolean): void {
  const head = heap[root];
  if (head === undefined) return;
  let index = root;
  for (;;) {
    const left = heap[2 * index + 1];
    const right = heap[2 * index + 2];
    if (left === undefined) break;
    const isRight = right !== undefined && isBefore(right, left);
    const child = isRight ? right : left;
    if (!isBefore(child, head)) break;
    heap[index] = child;
    index = 2 * index + (isRight ? 2 : 1);
  }
  heap[index] = head;
}
