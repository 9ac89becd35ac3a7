import type { Reader, RecordCursor } from "../../app/contract/reader.ts";

/** The record that a cursor has given last, in words, such as `line 3 of "a.txt"`. */
export function describeRecord(
  cursor: RecordCursor<unknown>,
  reader: Reader<unknown>,
  file: string,
): string {
  const { offset, place } = cursor;
  if (isWholeFile(cursor, reader)) return `"${file}"`;
  if (place !== undefined) return `${place} of "${file}"`;
  return `the record at byte ${offset} of "${file}"`;
}

/** Where in its file that record is, such as `byte 512`. */
export function placeInFile(cursor: RecordCursor<unknown>, reader: Reader<unknown>): string {
  const { offset, place } = cursor;
  return place ?? (isWholeFile(cursor, reader) ? "the whole file" : `byte ${offset}`);
}

/** Whether the record is all there is of its file. */
function isWholeFile({ offset }: RecordCursor<unknown>, reader: Reader<unknown>): boolean {
  return reader.splitting === "wholeFile" && offset === 0;
}
