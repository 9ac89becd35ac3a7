import type { Counters } from "../../app/contract/contract.ts";
import { shorten } from "../../base/thrown.ts";
import { MAX_SKIPPED_OF_TASK } from "../../job/limits.ts";
import {
  REPLACED_FILES,
  REPLACED_KEYS,
  type RecordTally,
  SKIPPED_RECORDS,
  type SkippedRecord,
} from "../../job/task.ts";

/** Keys and thrown values may be of any length. */
const MAX_CHARACTERS = 500;

/** The counters of a task, and its bad records: those that it has skipped, and those that the app can't use. */
export class Tally {
  readonly counters = new CounterSet();
  readonly skipped: SkippedRecord[] = [];
  /** Files with bytes that are not UTF-8 and that were lost, or the first such key. */
  readonly replaced: SkippedRecord[] = [];
  /** How many records, or keys, the task has read. */
  read = 0;
  /** Whether the record at hand is counted as bad. To be set to false before each record. */
  isBad = false;
  readonly #bad = new CounterSet();
  #first: SkippedRecord | undefined;

  get records(): RecordTally {
    const bad = this.#bad.toRecord();
    return { read: this.read, bad, ...(this.#first === undefined ? {} : { first: this.#first }) };
  }

  /** Skips the record at hand. */
  skip(file: string | undefined, place: string, reason: string): void {
    this.counters.add(SKIPPED_RECORDS);
    if (!this.isBad) this.#bad.add(SKIPPED_RECORDS);
    this.isBad = true;
    this.list(file, place, reason);
  }

  /** Counts malformed records that a reader has read and skipped. */
  addSkipped(count: number): void {
    if (count === 0) return;
    this.read += count;
    this.counters.add(SKIPPED_RECORDS, count);
    this.#bad.add(SKIPPED_RECORDS, count);
  }

  /** Lists a record that is counted elsewhere. */
  list(file: string | undefined, place: string, reason: string): void {
    if (this.#first !== undefined && this.skipped.length === MAX_SKIPPED_OF_TASK) return;
    const record = describeRecord(file, place, reason);
    this.#first ??= record;
    if (this.skipped.length < MAX_SKIPPED_OF_TASK) this.skipped.push(record);
  }

  /** A file has a byte that is not UTF-8 and was replaced. */
  replace(file: string, place: string, reason: string): void {
    this.counters.add(REPLACED_FILES);
    if (this.replaced.length === MAX_SKIPPED_OF_TASK) return;
    this.replaced.push(describeRecord(file, place, reason));
  }

  /** A text that was made for a key has lost a byte that is not UTF-8. Only the first such key is listed. */
  replaceKey(place: string, reason: string): void {
    this.counters.add(REPLACED_KEYS);
    if (this.replaced.length === 0) this.replaced.push(describeRecord(undefined, place, reason));
  }

  /**
   * The app can't use the record at hand, which counts once.
   *
   * @param counter a counter of the app
   * @param place called for the first bad record only
   */
  addBad(counter: string, reason: string, file: string, place: () => string): void {
    if (this.isBad) return;
    this.counters.add(counter);
    this.#bad.add(counter);
    this.isBad = true;
    this.#first ??= describeRecord(file, place(), reason);
  }
}

function describeRecord(file: string | undefined, place: string, reason: string): SkippedRecord {
  const short = (text: string) => shorten(text, MAX_CHARACTERS);
  const where = file === undefined ? {} : { file };
  return { ...where, place: short(place), reason: short(reason) };
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
