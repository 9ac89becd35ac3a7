import type { Task } from "./task-table.ts";
import type { Outcome, TaskFailure } from "./types.ts";

/** The end of a job one of whose tasks has failed too often. */
export function failedTooOften(task: Task, last: TaskFailure): Outcome {
  const message = `${nameOf(task)} failed ${times(task.failures)}: ${last.message}`;
  return { state: "failed", failure: { ...last, message } };
}

/**
 * The end of a job one of whose tasks has been lost too often.
 *
 * @param how the last time, as the end of a sentence
 */
export function lostTooOften(task: Task, how: string): Outcome {
  const message = `${nameOf(task)} was lost ${times(task.losses)}: the last time, ${how}`;
  return { state: "failed", failure: { message } };
}

function nameOf({ phase, index }: Task): string {
  return `${phase === "map" ? "Map" : "Reduce"} task ${index}`;
}

function times(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}
