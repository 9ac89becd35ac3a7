import { randomBytes } from "node:crypto";
import { MrError } from "../../base/errors.ts";
import type { JobLog, LogRecord } from "./job-log.ts";

/** The number of tries of a write that gets no answer. */
const MAX_TRIES = 20;

/** The records of one append, or of several that waited for the write before. */
export interface LogEntry {
  /** Random for each writer. */
  readonly writer: string;
  readonly records: readonly LogRecord[];
}

/** A store of numbered entries, each of which can be written only once. */
export interface EntryStore {
  /**
   * Writes entry `index`, unless it exists.
   *
   * @returns whether it was written
   * @throws or rejects when the answer is unknown: the entry may have been written or not
   */
  put(index: number, entry: LogEntry): boolean | Promise<boolean>;
  /** @returns entry `index`, or undefined if it does not exist */
  get(index: number): LogEntry | undefined | Promise<LogEntry | undefined>;
}

/**
 * The log of a job in a store of numbered entries. Records that are appended while an entry is being written
 * share the next one.
 */
export class EntryJobLog implements JobLog {
  readonly #store: EntryStore;
  readonly #writer = randomBytes(8).toString("hex");
  #index: number;
  #waiting: LogRecord[] = [];
  /** The write under way or, when that is over, the last one. */
  #writing: Promise<void> = Promise.resolve();
  /** The write after that, if records wait for it. */
  #next: Promise<void> | undefined;

  private constructor(store: EntryStore, index: number) {
    this.#store = store;
    this.#index = index;
  }

  /** Reads the records of a log, and opens it for appending. */
  static async open(
    store: EntryStore,
  ): Promise<{ readonly log: EntryJobLog; readonly records: readonly LogRecord[] }> {
    const records: LogRecord[] = [];
    for (let index = 0; ; index++) {
      const entry = await store.get(index);
      if (entry === undefined) return { log: new EntryJobLog(store, index), records };
      records.push(...entry.records);
    }
  }

  append(records: readonly LogRecord[]): Promise<void> {
    this.#waiting.push(...records);
    this.#next ??= this.#writeNext();
    return this.#next;
  }

  async check(): Promise<void> {
    const index = this.#index;
    const entry = await (async () => this.#store.get(index))().catch(() => undefined);
    if (entry !== undefined && entry.writer !== this.#writer) throw taken(index);
  }

  close(): void {
    // There is nothing to release.
  }

  async #writeNext(): Promise<void> {
    // Rejects after a failed write.
    await this.#writing;
    this.#next = undefined;
    const records = this.#waiting;
    this.#waiting = [];
    this.#writing = this.#write({ writer: this.#writer, records });
    await this.#writing;
  }

  async #write(entry: LogEntry): Promise<void> {
    const index = this.#index;
    this.#index += 1;
    for (let tries = 1; ; tries++) {
      try {
        if (await this.#store.put(index, entry)) return;
        const { writer } = (await this.#store.get(index)) ?? {};
        // An earlier try has written it, and its answer was lost.
        if (writer === this.#writer) return;
        if (writer !== undefined) break;
      } catch (error) {
        if (tries < MAX_TRIES) continue;
        throw new MrError("LOG_UNWRITABLE", `Cannot write entry ${index} of the job's log`, {
          cause: error,
        });
      }
    }
    throw taken(index);
  }
}

function taken(index: number): MrError {
  return new MrError("LOG_TAKEN", `Another coordinator has written entry ${index} of the log`);
}
