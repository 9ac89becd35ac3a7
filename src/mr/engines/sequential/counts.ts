import type { RecordTally, SkippedRecord } from "../../job/task.ts";

/** Counts records or keys, and the bad ones among them. */
export class Counts implements RecordTally {
  read = 0;
  readOfTask = 0;
  readonly bad: Record<string, number> = {};
  first: SkippedRecord | undefined;
  /** Whether the record at hand is counted as bad. */
  #isBad = false;

  begin(): void {
    this.read += 1;
    this.readOfTask += 1;
    this.#isBad = false;
  }

  /** @returns whether it was counted: each record counts once */
  addBad(counter: string): boolean {
    if (this.#isBad) return false;
    this.#isBad = true;
    this.bad[counter] = (this.bad[counter] ?? 0) + 1;
    return true;
  }
}
