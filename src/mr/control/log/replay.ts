import { MrError } from "../../base/errors.ts";
import type { CompletedTask, JobEnd } from "../../job/task.ts";
import {
  JOURNAL_VERSION,
  type JobRecord,
  type JournalRecord,
  type JournalState,
  type PlanRecord,
} from "./journal.ts";

/**
 * Finds out from its records what has become of a job.
 *
 * @throws MrError when they are not those of one job, in the order in which things happen
 */
export function replay([first, ...records]: readonly JournalRecord[]): JournalState {
  if (first === undefined) throw new MrError("LOG_DAMAGED", "it is empty");
  if (first.type !== "job") throw new MrError("LOG_DAMAGED", "it does not begin with a job");
  if (first.version !== JOURNAL_VERSION) {
    throw new MrError(
      "LOG_DAMAGED",
      `it has version ${first.version}, and this is ${JOURNAL_VERSION}`,
    );
  }
  const completed = new Map<string, CompletedTask>();
  let plan: PlanRecord | undefined;
  let outcome: JobEnd | undefined;
  for (const record of records) {
    switch (record.type) {
      case "plan":
        if (plan !== undefined) throw new MrError("LOG_DAMAGED", "it has two plans");
        plan = record;
        break;
      case "resumed":
        outcome = undefined;
        break;
      case "completed": {
        const { type: _, ...task } = record;
        check(task, first, plan);
        completed.set(`${task.phase} ${task.task}`, task);
        break;
      }
      case "reopened":
        if (!completed.delete(`map ${record.task}`)) {
          throw new MrError(
            "LOG_DAMAGED",
            `it reopens map task ${record.task}, which is not completed`,
          );
        }
        break;
      case "ended":
        outcome = record.outcome;
        break;
      case "job":
        throw new MrError("LOG_DAMAGED", "it holds two jobs");
    }
  }
  return { job: first, plan, completed: [...completed.values()], outcome };
}

function check(task: CompletedTask, { reduces }: JobRecord, plan: PlanRecord | undefined): void {
  const isMap = task.phase === "map";
  const tasks = isMap ? (plan?.splits.length ?? 0) : reduces;
  const outputs = isMap ? reduces : 1;
  if (task.task < tasks && task.result.outputs.length === outputs) return;
  throw new MrError(
    "LOG_DAMAGED",
    `it completes ${task.phase} task ${task.task}, which its job does not have`,
  );
}
