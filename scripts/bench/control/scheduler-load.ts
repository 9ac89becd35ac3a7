import { Scheduler } from "../../../src/mr/control/scheduler/scheduler.ts";
import type { Effect } from "../../../src/mr/control/scheduler/types.ts";
import type { AttemptId, TaskResult } from "../../../src/mr/job/task.ts";

export interface SchedulerLoad {
  readonly maps: number;
  readonly reduces: number;
  readonly workers: number;
}

export interface SchedulerResult {
  /** Events the scheduler has decided on: three a task, and the requests that it dismissed. */
  readonly decisions: number;
  readonly seconds: number;
}

const RESULT: TaskResult = { outputs: [], counters: {} };

/**
 * Runs a whole job through the scheduler alone.
 *
 * @throws when it assigns a task twice, or ends before all are completed
 */
export function loadScheduler({ maps, reduces, workers }: SchedulerLoad): SchedulerResult {
  const limits = {
    leaseMs: 10_000,
    taskTimeoutMs: Infinity,
    maxFailures: 4,
    maxLosses: 20,
    maxBackups: 1,
  };
  const scheduler = new Scheduler({ maps, reduces, ...limits });
  const given = { map: new Set<number>(), reduce: new Set<number>() };
  /** The tasks of the workers, the one that began first at the front. */
  const busy: Array<AttemptId & { readonly worker: number }> = [];
  let decisions = 0;
  const started = performance.now();
  const step = (event: Parameters<Scheduler["step"]>[0]): Effect[] => {
    decisions++;
    const nowMs = performance.now() - started;
    const effects = scheduler.step(event, nowMs);
    for (const effect of effects) {
      if (effect.type !== "assign") continue;
      const seen = given[effect.phase];
      if (seen.has(effect.task)) throw new Error(`${effect.phase} task ${effect.task} twice`);
      seen.add(effect.task);
      busy.push(effect);
    }
    return effects;
  };
  for (let worker = 1; worker <= workers; worker++) step({ type: "request", worker });
  // In the order of their beginnings, as if all took equally long.
  for (let next = busy[0], at = 1; next !== undefined; next = busy[at++]) {
    const { worker, phase, task, attempt } = next;
    const id = { phase, task, attempt };
    expectAccepted(step({ type: "commit", ...id }), id);
    expectAccepted(step({ type: "complete", result: RESULT, ...id }), id);
    step({ type: "request", worker });
  }
  const seconds = (performance.now() - started) / 1000;
  const { map, reduce } = scheduler.counts;
  if (map.completed !== maps || reduce.completed !== reduces) {
    throw new Error(`Completed ${map.completed} map and ${reduce.completed} reduce tasks`);
  }
  if (scheduler.outcome?.state !== "completed") throw new Error("The job is not completed");
  return { decisions, seconds };
}

function expectAccepted(effects: readonly Effect[], { phase, task }: AttemptId): void {
  if (effects.some((effect) => effect.type === "verdict" && effect.accepted)) return;
  throw new Error(`A report on ${phase} task ${task} was refused`);
}
