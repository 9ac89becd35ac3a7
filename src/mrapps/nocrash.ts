// The same as crash.ts, except that nothing ever crashes or waits: it gives the right answer.

import type { KeyValue } from "../mr/index.ts";

/** Four facts about a file. Lengths are in bytes of UTF-8, as Go's `len` counts. */
export function map(filename: string, contents: string): KeyValue[] {
  return [
    { key: "a", value: filename },
    { key: "b", value: String(Buffer.byteLength(filename)) },
    { key: "c", value: String(Buffer.byteLength(contents)) },
    { key: "d", value: "xyzzy" },
  ];
}

export function reduce(_key: string, values: string[]): string {
  // The order of Go's `sort.Strings`; `sort()` without a comparison orders by UTF-16 units.
  return values.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))).join(" ");
}
