import type { CompletedTask } from "../../job/task.ts";
import type { JournalRecord } from "../log/journal.ts";
import type { Effect } from "../scheduler/types.ts";

/**
 * What of a step must be in the journal before anybody is told of it.
 *
 * @param resultOf what a task that the step has completed left behind
 */
export function recordsOf(
  effects: readonly Effect[],
  resultOf: (effect: Effect & { type: "completed" }) => CompletedTask["result"],
): JournalRecord[] {
  return effects.flatMap((effect): JournalRecord[] => {
    switch (effect.type) {
      case "completed": {
        const { type, phase, task, attempt } = effect;
        return [{ type, phase, task, attempt, result: resultOf(effect) }];
      }
      case "reopened":
        return [{ type: "reopened", task: effect.task }];
      case "ended":
        return [{ type: "ended", outcome: effect.outcome }];
      default:
        return [];
    }
  });
}
