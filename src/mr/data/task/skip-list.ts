import { shorten } from "../../base/thrown.ts";
import type { SkippedRecord } from "../../job/task.ts";

/** So many records of a task are listed; the others are only counted. */
const MAX_LISTED = 100;
/** A key, or what an app throws, may be of any length. */
const MAX_CHARACTERS = 500;

/** The first records that a task has left out, for people. */
export class SkipList {
  readonly #records: SkippedRecord[] = [];

  get records(): readonly SkippedRecord[] {
    return this.#records;
  }

  add(file: string | undefined, place: string, reason: string): void {
    if (this.#records.length === MAX_LISTED) return;
    const where = file === undefined ? {} : { file };
    this.#records.push({ ...where, place: short(place), reason: short(reason) });
  }
}

function short(text: string): string {
  return shorten(text, MAX_CHARACTERS);
}
