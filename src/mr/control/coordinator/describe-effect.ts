import type { AttemptId } from "../../job/task.ts";
import type { Effect } from "../scheduler/types.ts";

/** What is said when the reduce tasks begin. */
export const REDUCES_BEGIN = "All map tasks are done, the reduce tasks begin";

/**
 * One line for people about what happened, or undefined where it is not worth one.
 *
 * @param nameOfWorker such as `worker 3 (pid 4711)`
 * @param winner the attempt that others have to give way to
 */
export function describeEffect(
  effect: Effect,
  nameOfWorker: (worker: number) => string,
  winner?: AttemptId,
): string | undefined {
  switch (effect.type) {
    case "lost": {
      const why = effect.reason === "workerGone" ? "is gone" : "made no progress within its lease";
      return `${describeAttempt(effect)} is lost: ${nameOfWorker(effect.worker)} ${why}`;
    }
    case "failed":
      // It is why the job ends, which is said then.
      if (effect.failure.code === "USAGE") return undefined;
      return `${describeAttempt(effect)} failed on ${nameOfWorker(effect.worker)}: ${effect.failure.message}`;
    case "blocked":
      return `${describeAttempt(effect)} stopped on ${nameOfWorker(effect.worker)}: ${effect.failure.message}`;
    case "reopened":
      return `map task ${effect.task} runs again: its output is missing or damaged`;
    case "superseded": {
      // A backup that comes second was not slow: it began later.
      if (winner !== undefined && winner.attempt < effect.attempt) {
        return `${describeAttempt(effect)} on ${nameOfWorker(effect.worker)} was not needed: an earlier attempt has finished`;
      }
      return `${describeAttempt(effect)} on ${nameOfWorker(effect.worker)} was too slow: another attempt has finished`;
    }
    case "phaseStarted":
      return REDUCES_BEGIN;
    default:
      return undefined;
  }
}

/** `map task 3, attempt 2,` with the comma that closes the insertion. */
function describeAttempt({ phase, task, attempt }: AttemptId): string {
  return `${phase} task ${task}, attempt ${attempt},`;
}
