// Often kills the worker it runs in, or delays it. What it computes is in nocrash.ts, and a job
// that survives crashes gives exactly that app's output.

import { randomInt } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import type { KeyValue } from "../mr/index.ts";
import * as nocrash from "./nocrash.ts";

export async function map(filename: string, contents: string): Promise<KeyValue[]> {
  await maybeCrash();
  return nocrash.map(filename, contents);
}

export async function reduce(key: string, values: string[]): Promise<string> {
  await maybeCrash();
  return nocrash.reduce(key, values);
}

/** A third of the time the process dies, a third of the time it sleeps for up to ten seconds. */
async function maybeCrash(): Promise<void> {
  const chance = randomInt(1000);
  if (chance < 330) process.exit(1);
  if (chance < 660) await setTimeout(randomInt(10_000));
}
