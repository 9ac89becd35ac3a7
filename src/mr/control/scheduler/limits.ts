import type { Failure, JobOutcome } from "../../job/task.ts";
import type { Task } from "./task-table.ts";
import type { JobShape } from "./types.ts";

/** The end of a job one of whose tasks has failed too often. Its message says what it was working on. */
export function failedTooOften(task: Task, last: Failure): JobOutcome {
  const message = `${nameOf(task)} failed ${times(task.failures)}: ${last.message}`;
  return { state: "failed", failure: { ...last, message } };
}

/**
 * The end of a job one of whose tasks has been lost too often.
 *
 * @param how the last time, as the end of a sentence
 */
export function lostTooOften(task: Task, how: string, shape: JobShape): JobOutcome {
  const name = nameWithInput(task, shape);
  const message = `${name} was lost ${times(task.losses)}: the last time, ${how}`;
  return { state: "failed", failure: { code: "TASK_LOST", message } };
}

/** The failure of an attempt that has run for as long as one may. */
export function timedOut({ taskTimeoutMs }: JobShape): Failure {
  return {
    code: "TASK_TIMED_OUT",
    message: `it ran longer than the task timeout of ${taskTimeoutMs / 1000} s`,
  };
}

/** The end of a job one of whose tasks has failed too often, the last time because it took too long. */
export function timedOutTooOften(task: Task, shape: JobShape): JobOutcome {
  const name = nameWithInput(task, shape);
  const message = `${name} failed ${times(task.failures)}: ${timedOut(shape).message}`;
  return { state: "failed", failure: { code: "TASK_TIMED_OUT", message } };
}

function nameOf({ phase, index }: Task): string {
  return `${phase === "map" ? "Map" : "Reduce"} task ${index}`;
}

/** For where no worker has said what it was working on. */
function nameWithInput(task: Task, { inputOf }: JobShape): string {
  const input = task.phase === "map" ? inputOf?.(task.index) : undefined;
  return input === undefined ? nameOf(task) : `${nameOf(task)} (${input})`;
}

function times(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}
