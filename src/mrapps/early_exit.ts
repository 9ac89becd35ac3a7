// Some reduce tasks take much longer than the others, to show whether anything ends before them.

import { writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { KeyValue } from "../mr/index.ts";

const LATE_MS = 3000;

export function map(filename: string, _contents: string): KeyValue[] {
  return [{ key: filename, value: "1" }];
}

export async function reduce(filename: string, values: string[]): Promise<string> {
  if (isLateBook(filename) || (await isFirstOfJob())) {
    await setTimeout(LATE_MS);
  }
  return String(values.length);
}

/** Two of the lab's eight books. */
function isLateBook(filename: string): boolean {
  const name = basename(filename);
  return name.includes("sherlock") || name.includes("tom");
}

/**
 * With other inputs no name is late, and a rule on names alone could make none of them late, or all.
 * So whichever reduce call comes first is late too: exactly one process can create the file, which
 * stays, so a directory that is used again must be cleared of `mr-*` first.
 */
async function isFirstOfJob(): Promise<boolean> {
  try {
    await writeFile("mr-worker-early_exit-0", "x", { flag: "wx" });
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") {
      return false;
    }
    throw error;
  }
}
