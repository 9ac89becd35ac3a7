// Some reduce tasks take much longer than the others, to show whether anything ends before them.

import { setTimeout } from "node:timers/promises";
import type { KeyValue } from "../mr/index.ts";

const LATE_MS = 3000;

export function map(filename: string, _contents: string): KeyValue[] {
  return [{ key: filename, value: "1" }];
}

// "tom" occurs in the lab's books (Tom Sawyer) and in the State of the Union addresses (atomic).
export async function reduce(filename: string, values: string[]): Promise<string> {
  if (filename.includes("sherlock") || filename.includes("tom")) await setTimeout(LATE_MS);
  return String(values.length);
}
