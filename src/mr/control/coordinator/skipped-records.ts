import type { AttemptId, SkippedRecord, TaskResult } from "../../job/task.ts";
import { SKIPPED_RECORDS } from "../../job/task.ts";

/** So many records of a job are listed; the others are only counted. */
const MAX_LISTED = 1000;

/** Tells of the records that the attempts that count have left out. */
export class SkippedRecords {
  readonly #log: (line: string) => void;
  /** Tasks whose records have been listed: a map task that runs again leaves out the same ones. */
  readonly #listed = new Set<string>();
  #lines = 0;

  constructor(log: (line: string) => void) {
    this.#log = log;
  }

  /** Lists what a task has left out, as long as there is room. */
  completed({ phase, task }: AttemptId, { skipped = [] }: TaskResult): void {
    const key = `${phase} ${task}`;
    if (skipped.length === 0 || this.#listed.has(key)) return;
    this.#listed.add(key);
    for (const { file, place, reason } of skipped.slice(0, MAX_LISTED - this.#lines)) {
      this.#lines += 1;
      this.#log(`Skipped record: ${file === undefined ? place : `${file} ${place}`}: ${reason}`);
    }
  }

  /** The job is complete: says how many there were, listed or not. */
  ended(counters: Readonly<Record<string, number>>): void {
    const total = counters[SKIPPED_RECORDS] ?? 0;
    const unlisted = total > this.#lines ? `, ${this.#lines} of them listed above` : "";
    if (total > 0) this.#log(`Bad records skipped: ${total}${unlisted}`);
  }
}

/** What completed tasks have left out, maps first, as far as it is listed. */
export function skippedIn(results: readonly TaskResult[]): SkippedRecord[] {
  return results.flatMap(({ skipped = [] }) => skipped).slice(0, MAX_LISTED);
}
