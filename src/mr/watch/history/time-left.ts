import { splitBytes } from "../../job/split.ts";
import type { AttemptView, JobView } from "./job-view.ts";

/**
 * Estimates how long the present phase will still take, in milliseconds: its remaining work at the speed of
 * the completed tasks, shared by the present workers. Undefined if no task of the phase was completed in this
 * session, and after the end of the job.
 */
export function timeLeftMs(view: JobView): number | undefined {
  const { phase, splits, nowMs } = view;
  if (view.outcome !== undefined) return undefined;
  // A task with an empty input takes time as well.
  const weightOf = (task: number) => {
    const split = phase === "map" ? splits[task] : undefined;
    return split === undefined ? 1 : Math.max(1, splitBytes(split));
  };
  let [left, done, spentMs, open] = [0, 0, 0, 0];
  view.tasks(phase).forEach(({ state, winner }, task) => {
    if (state !== "completed") {
      left += weightOf(task);
      open += 1;
    } else if (winner !== undefined) {
      done += weightOf(task);
      spentMs += durationMs(winner, nowMs);
    }
  });
  if (done === 0 || open === 0) return undefined;
  const perMs = done / Math.max(1, spentMs);
  let hands = 0;
  for (const { leftMs, attempt } of view.workers.values()) {
    if (leftMs !== undefined) continue;
    hands += 1;
    if (attempt?.phase !== phase) continue;
    // An attempt that takes longer than expected is assumed to be nearly done.
    const weight = weightOf(attempt.task);
    left -= Math.min(0.95 * weight, durationMs(attempt, nowMs) * perMs);
  }
  return Math.max(0, left) / perMs / Math.max(1, Math.min(hands, open));
}

function durationMs({ startMs, endMs }: AttemptView, nowMs: number): number {
  return (endMs ?? nowMs) - startMs;
}
