// Shows whether reduce tasks run in parallel: each key's value is the number of workers then busy.

import type { KeyValue } from "../mr/index.ts";
import { nparallel } from "./timing/nparallel.ts";

/** Ten keys, so that several reduce tasks have work. */
export function map(_filename: string, _contents: string): KeyValue[] {
  return [..."abcdefghij"].map((key) => ({ key, value: "1" }));
}

export async function reduce(_key: string, _values: string[]): Promise<string> {
  return String(await nparallel("reduce"));
}
