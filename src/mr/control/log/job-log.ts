import { MrError } from "../../base/errors.ts";
import type { FixedOptions, Settings } from "../../job/job-spec.ts";
import type { Split } from "../../job/split.ts";
import type { CompletedTask, JobEnd, TaskId } from "../../job/task.ts";

/** Raised when a record changes its meaning. */
export const LOG_VERSION = 3;

/** The first record. */
export interface JobRecord extends FixedOptions {
  readonly type: "job";
  readonly version: number;
}

/** The first attempt is about to be handed out: from here on, app and map tasks are fixed. */
export interface PlanRecord {
  readonly type: "plan";
  readonly app: string;
  /** SHA-256 of the compiled app. */
  readonly digest: string;
  readonly settings?: Settings;
  /** The map tasks, in their order. */
  readonly splits: readonly Split[];
}

/** A decision that must outlive the coordinator. */
export type LogRecord =
  | JobRecord
  | PlanRecord
  /** Another coordinator leads the job from here on. Terms grow: the first coordinator has term 1. */
  | { readonly type: "resumed"; readonly term: number }
  | ({ readonly type: "completed" } & CompletedTask)
  /** The output of a completed task is lost, and the task is to run again. */
  | ({ readonly type: "reopened" } & TaskId)
  | { readonly type: "ended"; readonly outcome: JobEnd };

/**
 * The decisions of a job, so that another coordinator can resume it. Every entry of a log is written once:
 * the coordinator that writes an entry leads, and one that finds its entry written by another coordinator
 * has been deposed. A deposed coordinator sends no answers and no events.
 */
export interface JobLog {
  /**
   * Appends records, after all that were appended before.
   *
   * @returns when the records are safe; at once, or later
   * @throws MrError, or is rejected with it: `LOG_TAKEN` when another coordinator has written, or
   *   `LOG_UNWRITABLE`. After either, every append fails and writes nothing
   */
  append(records: readonly LogRecord[]): void | Promise<void>;
  /**
   * Finds out whether another coordinator has written, without writing.
   *
   * @throws MrError `LOG_TAKEN` if it has; `LOG_UNWRITABLE` if another directory has taken the place of the job's
   *   own. A log that can't be read is no error: it may be readable later
   */
  check(): Promise<void>;
  /** Releases the resources of the log once all appended records are safe. */
  close(): void;
}

export interface LogState {
  readonly job: JobRecord;
  readonly term: number;
  /** Undefined when no attempt was ever handed out. */
  readonly plan: PlanRecord | undefined;
  /** The tasks that are completed and have not been reopened since. */
  readonly completed: readonly CompletedTask[];
  /** How the job last ended, if it did. */
  readonly outcome: JobEnd | undefined;
}

/**
 * Derives the state of a job from its records.
 *
 * @throws MrError `LOG_DAMAGED` when they contradict each other or are of another version; its message is the end
 *   of a sentence
 */
export function replay([first, ...records]: readonly LogRecord[]): LogState {
  if (first === undefined) throw damaged("it is empty");
  if (first.type !== "job") throw damaged("it does not begin with a job");
  if (first.version !== LOG_VERSION) {
    const versions = `its format has version ${first.version}, not ${LOG_VERSION}`;
    throw damaged(`it was written by another version of this package: ${versions}`);
  }
  const completed = new Map<string, CompletedTask>();
  let plan: PlanRecord | undefined;
  let outcome: JobEnd | undefined;
  let term = 1;
  for (const record of records) {
    switch (record.type) {
      case "plan":
        if (plan !== undefined) throw damaged("it has two plans");
        plan = record;
        break;
      case "resumed":
        if (!(record.term > term)) throw damaged(`its term ${record.term} follows term ${term}`);
        term = record.term;
        outcome = undefined;
        break;
      case "completed": {
        const { type: _, ...task } = record;
        check(task, first, plan);
        completed.set(`${task.phase} ${task.task}`, task);
        break;
      }
      case "reopened":
        if (!completed.delete(`${record.phase} ${record.task}`)) {
          throw damaged(`it reopens ${record.phase} task ${record.task}, which is not completed`);
        }
        break;
      case "ended":
        outcome = record.outcome;
        break;
      case "job":
        throw damaged("it holds two jobs");
    }
  }
  return { job: first, term, plan, completed: [...completed.values()], outcome };
}

function check(task: CompletedTask, { reduces }: JobRecord, plan: PlanRecord | undefined): void {
  const isMap = task.phase === "map";
  const tasks = isMap ? (plan?.splits.length ?? 0) : reduces;
  const outputs = isMap ? reduces : 1;
  if (task.task < tasks && task.result.outputs.length === outputs) return;
  throw damaged(`it completes ${task.phase} task ${task.task}, which its job does not have`);
}

function damaged(why: string): MrError {
  return new MrError("LOG_DAMAGED", why);
}
