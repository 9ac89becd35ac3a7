import type { RunCursor } from "./run-cursor.ts";

/** A cursor with its place among the runs, which decides between equal keys. */
interface Entry {
  readonly cursor: RunCursor;
  readonly order: number;
}

/** A binary heap with the cursor whose line comes next on top. */
export class CursorHeap {
  readonly #entries: Entry[] = [];
  readonly #orders = new Map<RunCursor, number>();

  get top(): RunCursor | undefined {
    return this.#entries[0]?.cursor;
  }

  /** Adds a cursor; those that were not in the heap before come after those that were. */
  push(cursor: RunCursor): void {
    const order = this.#orders.get(cursor) ?? this.#orders.size;
    this.#orders.set(cursor, order);
    const entries = this.#entries;
    const entry: Entry = { cursor, order };
    let index = entries.push(entry) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = entries[parent];
      if (above === undefined || !isBefore(entry, above)) break;
      entries[index] = above;
      index = parent;
    }
    entries[index] = entry;
  }

  removeTop(): void {
    const last = this.#entries.pop();
    if (last === undefined || this.#entries.length === 0) return;
    this.#entries[0] = last;
    this.sinkTop();
  }

  /** Restores the order after the top cursor has moved on. */
  sinkTop(): void {
    const entries = this.#entries;
    const entry = entries[0];
    if (entry === undefined) return;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const a = entries[left];
      const b = entries[left + 1];
      if (a === undefined) break;
      const isRight = b !== undefined && isBefore(b, a);
      const child = isRight ? b : a;
      if (!isBefore(child, entry)) break;
      entries[index] = child;
      index = isRight ? left + 1 : left;
    }
    entries[index] = entry;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  const order = compareKeys(a.cursor, b.cursor);
  return order < 0 || (order === 0 && a.order < b.order);
}

/** As `memcmp` does, the shorter first where one key begins another. */
function compareKeys(a: RunCursor, b: RunCursor): number {
  if (a.prefixHigh !== b.prefixHigh) return a.prefixHigh - b.prefixHigh;
  if (a.prefixLow !== b.prefixLow) return a.prefixLow - b.prefixLow;
  const lengthA = a.keyEnd - a.keyStart;
  const lengthB = b.keyEnd - b.keyStart;
  const shorter = Math.min(lengthA, lengthB);
  const bytesA = a.keyBytes;
  const bytesB = b.keyBytes;
  for (let i = 8; i < shorter; i++) {
    const difference = (bytesA[a.keyStart + i] ?? 0) - (bytesB[b.keyStart + i] ?? 0);
    if (difference !== 0) return difference;
  }
  return lengthA - lengthB;
}

/** Whether both cursors stand at lines of the same key. */
export function haveEqualKeys(a: RunCursor, b: RunCursor): boolean {
  return compareKeys(a, b) === 0;
}
