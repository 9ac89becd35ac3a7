import type { LoadedApp } from "../app/load/load-app.ts";
import type { Assignment, Dismissal } from "../control/protocol/protocol.ts";
import { runMapTask } from "../data/task/map-task.ts";
import { runReduceTask } from "../data/task/reduce-task.ts";
import type { ProgressMeter, TaskContext, TaskOutput } from "../data/task/task-context.ts";
import { DEFAULT_FAN_IN, DEFAULT_MEMORY_BYTES } from "../job/limits.ts";
import { attemptTag } from "../job/names.ts";
import { storageFor } from "../storage/registry.ts";
import { type AttemptObserver, type JobFacts, runTasks, type TaskSource } from "./run-tasks.ts";
import { StrayErrors } from "./stray-errors.ts";

/** Follows the attempt that a worker is on, and counts what that does. */
export interface AttemptMeter extends AttemptObserver, ProgressMeter {}

/** What a worker needs to run tasks. */
export interface WorkerContext {
  readonly meter: AttemptMeter;
  /** How much memory the process may take at its peak, in bytes. */
  readonly memoryBytes: number | undefined;
}

/**
 * Runs tasks from `source`, one at a time, until it says that the job is over.
 *
 * @returns how the job ended
 */
export async function runWorker(
  source: TaskSource,
  app: LoadedApp,
  context: WorkerContext,
): Promise<Dismissal["outcome"]> {
  const strayErrors = new StrayErrors();
  try {
    return await runTasks(
      source,
      (job, assignment) => strayErrors.during(runTask(job, assignment, app, context)),
      context.meter,
    );
  } finally {
    strayErrors.close();
  }
}

function runTask(
  { job, directory, inputDirectory, reduces, skipBadRecords }: JobFacts,
  assignment: Assignment,
  app: LoadedApp,
  { meter, memoryBytes = DEFAULT_MEMORY_BYTES }: WorkerContext,
): Promise<TaskOutput> {
  const tag = attemptTag(job, assignment.attempt, process.pid);
  const context: TaskContext = {
    storage: storageFor(directory),
    directory,
    inputDirectory,
    reduces,
    tag,
    progress: meter,
    memoryBytes,
    fanIn: DEFAULT_FAN_IN,
    skipBadRecords,
  };
  if (assignment.kind === "map") return runMapTask(assignment, app, context);
  return runReduceTask(assignment, app, context);
}
