import type { TaskResult } from "../../job/task.ts";
import type { JobStatus } from "../protocol/protocol.ts";
import type { Scheduler } from "../scheduler/scheduler.ts";
import type { WorkerRegistry } from "./worker-registry.ts";

/** The current state of tasks and workers, for people. */
export function jobStatus(
  scheduler: Scheduler,
  workers: WorkerRegistry,
): Omit<JobStatus, "job" | "term" | "directory" | "elapsedMs"> {
  const { counts, phase, outcome, running, results } = scheduler;
  const taskOf = new Map(running.map(({ worker, ...task }) => [worker, task]));
  return {
    state: outcome?.state ?? "running",
    phase,
    app: workers.app?.name ?? null,
    settings: workers.app?.settings ?? {},
    // Of winning attempts only: a task that ran twice counts once.
    counters: sumCounters(results),
    maps: counts.map,
    reduces: counts.reduce,
    workers: Array.from(workers, ({ worker, pid }) => {
      return { worker, pid, task: taskOf.get(worker) ?? null };
    }),
  };
}

/** The counters of completed tasks, added up by name. */
function sumCounters(results: readonly TaskResult[]): Record<string, number> {
  const sums = new Map<string, number>();
  for (const { counters } of results) {
    for (const [name, count] of Object.entries(counters)) {
      sums.set(name, (sums.get(name) ?? 0) + count);
    }
  }
  return Object.fromEntries(sums);
}
