import type { AttemptId } from "../../job/task.ts";
import type { Effect } from "./types.ts";

/** The numbers of an attempt, and nothing else that the object may have. */
export function plain({ phase, task, attempt }: AttemptId): AttemptId {
  return { phase, task, attempt };
}

/** The answer to a report. */
export function verdict(accepted: boolean): Effect {
  return { type: "verdict", accepted };
}
