// Shows whether map tasks run in parallel: when each worker ran one, and with how many others.

import type { KeyValue } from "../mr/index.ts";
import { nparallel } from "./timing/nparallel.ts";

export async function map(_filename: string, _contents: string): Promise<KeyValue[]> {
  const startSeconds = Date.now() / 1000;
  const running = await nparallel("map");
  return [
    { key: `times-${process.pid}`, value: startSeconds.toFixed(1) },
    { key: `parallel-${process.pid}`, value: String(running) },
  ];
}

export function reduce(_key: string, values: string[]): string {
  return values.toSorted((a, b) => (a < b ? -1 : 1)).join(" ");
}
