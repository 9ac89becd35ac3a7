import { setImmediate } from "node:timers/promises";

interface Event {
  readonly atMs: number;
  readonly serial: number;
  readonly act: () => void;
}

/** A clock that jumps from one thing to do to the next. Things of the same time keep their order. */
export class VirtualTime {
  /** A binary heap: the children of i are 2i + 1 and 2i + 2. */
  readonly #heap: Event[] = [];
  #serial = 0;
  nowMs = 1_000_000;
  /** Promises that time waits for. */
  #held = 0;

  /** Lets time stand still until a promise is settled. */
  async hold<T>(promise: Promise<T>): Promise<T> {
    this.#held += 1;
    try {
      return await promise;
    } finally {
      this.#held -= 1;
    }
  }

  /** Does something later, unless the simulation is over by then. */
  after(ms: number, act: () => void): void {
    this.#serial += 1;
    this.#push({ atMs: this.nowMs + Math.max(0, ms), serial: this.#serial, act });
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  /**
   * Lets things happen, and calls `check` after each.
   *
   * @returns the number of things that happened, when nothing is left or `isOver`
   */
  async run(isOver: () => boolean, check: () => void): Promise<number> {
    for (let events = 0; ; events++) {
      const event = isOver() ? undefined : this.#pop();
      if (event === undefined) return events;
      this.nowMs = event.atMs;
      event.act();
      // Whatever follows from it through promises happens at the same time.
      do await setImmediate();
      while (this.#held > 0);
      check();
    }
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(event);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !isBefore(event, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = event;
  }

  #pop(): Event | undefined {
    const heap = this.#heap;
    const [first] = heap;
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      const [left, right] = [heap[child], heap[child + 1]];
      if (left === undefined) break;
      let least = left;
      if (right !== undefined && isBefore(right, left)) {
        least = right;
        child += 1;
      }
      if (!isBefore(least, last)) break;
      heap[at] = least;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.serial < b.serial);
}
