import type { RunGroup } from "./run-reader.ts";

/** One of the runs being merged, standing at its next group. */
interface Cursor {
  readonly run: Iterator<RunGroup>;
  /** Its place among the runs, which decides between equal keys. */
  readonly order: number;
  group: RunGroup;
}

/** Everything that was emitted for one key. */
export interface MergedGroup {
  readonly key: string;
  readonly bytes: Uint8Array;
  readonly values: string[];
}

/**
 * Merges sorted runs into one sorted sequence with each key once. The values of a key come in the
 * order of the runs, and within a run in its own order.
 *
 * @param runs each in ascending order of its keys' bytes; a key may repeat in neighbouring groups
 */
export function* mergeRuns(runs: ReadonlyArray<Iterable<RunGroup>>): Generator<MergedGroup> {
  const iterators = runs.map((run) => run[Symbol.iterator]());
  try {
    yield* mergeIterators(iterators);
  } finally {
    // Whoever stops early, or fails, leaves no file open.
    for (const iterator of iterators) iterator.return?.();
  }
}

function* mergeIterators(iterators: ReadonlyArray<Iterator<RunGroup>>): Generator<MergedGroup> {
  const heap = new CursorHeap();
  for (const [order, run] of iterators.entries()) {
    const first = run.next();
    if (first.done !== true) heap.push({ run, order, group: first.value });
  }
  let top = heap.top;
  while (top !== undefined) {
    const { key, bytes } = top.group;
    const values: string[] = [];
    while (top !== undefined && Buffer.compare(top.group.bytes, bytes) === 0) {
      for (const value of top.group.values) values.push(value);
      const next = top.run.next();
      if (next.done === true) heap.removeTop();
      else {
        top.group = next.value;
        heap.sinkTop();
      }
      top = heap.top;
    }
    yield { key, bytes, values };
  }
}

function isBefore(a: Cursor, b: Cursor): boolean {
  const order = Buffer.compare(a.group.bytes, b.group.bytes);
  return order < 0 || (order === 0 && a.order < b.order);
}

/** A binary heap with the cursor whose group comes next on top. */
class CursorHeap {
  readonly #cursors: Cursor[] = [];

  get top(): Cursor | undefined {
    return this.#cursors[0];
  }

  push(cursor: Cursor): void {
    const cursors = this.#cursors;
    let index = cursors.push(cursor) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = cursors[parent];
      if (above === undefined || !isBefore(cursor, above)) break;
      cursors[index] = above;
      index = parent;
    }
    cursors[index] = cursor;
  }

  removeTop(): void {
    const last = this.#cursors.pop();
    if (last === undefined || this.#cursors.length === 0) return;
    this.#cursors[0] = last;
    this.sinkTop();
  }

  /** Restores the order after the top cursor has moved on. */
  sinkTop(): void {
    const cursors = this.#cursors;
    const cursor = cursors[0];
    if (cursor === undefined) return;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const a = cursors[left];
      const b = cursors[left + 1];
      if (a === undefined) break;
      const isRight = b !== undefined && isBefore(b, a);
      const child = isRight ? b : a;
      if (!isBefore(child, cursor)) break;
      cursors[index] = child;
      index = isRight ? left + 1 : left;
    }
    cursors[index] = cursor;
  }
}
