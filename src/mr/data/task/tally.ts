import type { Counters } from "../../app/contract/contract.ts";
import { shorten } from "../../base/thrown.ts";
import { MAX_SKIPPED_OF_TASK } from "../../job/limits.ts";
import { SKIPPED_RECORDS, type SkippedRecord } from "../../job/task.ts";

/** Keys and thrown values may be of any length. */
const MAX_CHARACTERS = 500;

/** The counters of a task, and the records that it has skipped. */
export class Tally {
  readonly counters = new CounterSet();
  readonly skipped: SkippedRecord[] = [];

  skip(file: string | undefined, place: string, reason: string): void {
    this.addSkipped(1);
    this.list(file, place, reason);
  }

  addSkipped(count: number): void {
    if (count > 0) this.counters.add(SKIPPED_RECORDS, count);
  }

  /** Lists a record that is counted elsewhere. */
  list(file: string | undefined, place: string, reason: string): void {
    if (this.skipped.length === MAX_SKIPPED_OF_TASK) return;
    const where = file === undefined ? {} : { file };
    const short = (text: string) => shorten(text, MAX_CHARACTERS);
    this.skipped.push({ ...where, place: short(place), reason: short(reason) });
  }
}

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
