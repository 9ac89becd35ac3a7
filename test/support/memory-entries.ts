import type { EntryStore, LogEntry } from "../../src/mr/control/log/entry-job-log.ts";
import type { LogRecord } from "../../src/mr/control/log/job-log.ts";

/** Entries in memory. */
export class MemoryEntries implements EntryStore {
  readonly #entries: LogEntry[] = [];

  put(index: number, entry: LogEntry): boolean {
    if (index > this.#entries.length) throw new Error(`Entry ${index} would leave a gap`);
    if (index < this.#entries.length) return false;
    this.#entries.push(entry);
    return true;
  }

  get(index: number): LogEntry | undefined {
    return this.#entries[index];
  }

  /** The records of all entries. */
  get records(): LogRecord[] {
    return this.#entries.flatMap(({ records }) => records);
  }
}
