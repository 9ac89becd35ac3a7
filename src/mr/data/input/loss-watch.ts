import { ByteSlice } from "../../app/contract/byte-slice.ts";
import type { RecordCursor } from "../../app/contract/reader.ts";
import { type ReplacedWatch, watchReplaced } from "../../base/utf8.ts";
import { describeReplacement, LOST_IN_RECORDS } from "../../job/task.ts";

/**
 * Tells when an app in the record form loses bytes that are not UTF-8: once for each input, from construction until
 * {@link end}. There is one watch at a time.
 */
export class LossWatch implements ReplacedWatch {
  record: unknown;
  readonly isReported = false;
  readonly #cursor: RecordCursor<unknown>;
  readonly #report: (place: string, reason: string) => void;
  /** The record that was looked at last: a whole file may have many characters to ask about. */
  #last: string | number | undefined;

  /** @param report takes the place in the file, and the reason */
  constructor(cursor: RecordCursor<unknown>, report: (place: string, reason: string) => void) {
    this.#cursor = cursor;
    this.#report = report;
    watchReplaced(this);
  }

  report(byte: number): boolean {
    const { offset, place = "its beginning" } = this.#cursor;
    const from = offset >= 0 ? `byte ${offset}` : place;
    this.#report(`from ${from} on`, describeReplacement(byte, LOST_IN_RECORDS));
    return false;
  }

  give(): void {
    // The record at hand is suspected in any case.
  }

  suspect(): Uint8Array | undefined {
    const { offset, place } = this.#cursor;
    const record = offset >= 0 ? offset : place;
    if (!(this.record instanceof ByteSlice)) return undefined;
    if (record !== undefined && record === this.#last) return undefined;
    this.#last = record;
    return this.record.view();
  }

  end(): void {
    watchReplaced(undefined);
  }
}
