import type { TaskResult } from "../../job/task.ts";

/** The counters of completed tasks, added up by name. */
export function sumCounters(results: readonly TaskResult[]): Record<string, number> {
  const sums = new Map<string, number>();
  for (const { counters } of results) {
    for (const [name, count] of Object.entries(counters)) {
      sums.set(name, (sums.get(name) ?? 0) + count);
    }
  }
  return Object.fromEntries(sums);
}
