import { MrError } from "../../base/errors.ts";

/**
 * The longest record, in bytes: V8's longest string in UTF-16 units, of which UTF-8 text never has more
 * than bytes. So every record can be made a string.
 */
export const MAX_RECORD_BYTES = 536_870_888;

/** The longest row of CSV unless told, in bytes: what a quote that is never closed takes of memory. */
export const MAX_ROW_BYTES = 16 * 2 ** 20;

/**
 * @param what kind of record, such as `line`
 * @param offset where it begins, in bytes
 * @param limit in bytes
 */
export function recordTooLong(what: string, file: string, offset: number, limit: number): MrError {
  return new MrError(
    "INPUT_TOO_LARGE",
    `Cannot read input "${file}": the ${what} at byte ${offset} is longer than ${limit} bytes`,
  );
}
