import type { Counters } from "../../app/contract/contract.ts";

/** What a task counts: what the app counts, and `skipped-records`. */
export class CounterSet implements Counters {
  readonly #counts = new Map<string, number>();

  add(name: string, by = 1): void {
    if (typeof name !== "string" || !Number.isFinite(by)) {
      throw new TypeError(`counters.add takes a name and a finite number, not ${name} and ${by}`);
    }
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + by);
  }

  /** All counts by name, sorted. */
  toRecord(): Record<string, number> {
    const sorted = [...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(sorted);
  }
}
