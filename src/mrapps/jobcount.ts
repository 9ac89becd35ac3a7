// Counts how often map was called in the whole job: once for each input file, if no task runs twice.

import { randomInt } from "node:crypto";
import { readdir, writeFile } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import type { KeyValue } from "../mr/index.ts";

let callsInThisProcess = 0;

/** Creates a file for each call, then sleeps long enough for a coordinator to start a backup. */
export async function map(_filename: string, _contents: string): Promise<KeyValue[]> {
  const marker = `mr-worker-jobcount-${process.pid}-${callsInThisProcess}`;
  callsInThisProcess += 1;
  await writeFile(marker, "x");
  await setTimeout(randomInt(2000, 5000));
  return [{ key: "a", value: "x" }];
}

export async function reduce(_key: string, _values: string[]): Promise<string> {
  const names = await readdir(".");
  return String(names.filter((name) => name.startsWith("mr-worker-jobcount")).length);
}
