import type { LoadedApp } from "../app/load/load-app.ts";
import { runMapTask } from "../data/task/map-task.ts";
import type { ProgressMeter } from "../data/task/progress.ts";
import { runReduceTask } from "../data/task/reduce-task.ts";
import type { TaskResult, TaskSite } from "../data/task/task-site.ts";
import { attemptTag } from "../job/names.ts";
import { type AttemptObserver, runTasks } from "./run-tasks.ts";
import { StrayErrors } from "./stray-errors.ts";
import type { Assignment, Dismissal, JobFacts, TaskSource } from "./task-source.ts";

/** What the worker tells about the attempt it is on. */
export interface AttemptMeter extends AttemptObserver, ProgressMeter {}

/** What a worker has to work with. */
export interface Workplace {
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
  site: Workplace,
): Promise<Dismissal["outcome"]> {
  const strayErrors = new StrayErrors();
  try {
    return await runTasks(
      source,
      (job, assignment) => strayErrors.during(runTask(job, assignment, app, site)),
      site.meter,
    );
  } finally {
    strayErrors.close();
  }
}

function runTask(
  { job, directory, inputDirectory, reduces, skipBadRecords }: JobFacts,
  assignment: Assignment,
  app: LoadedApp,
  { meter, memoryBytes }: Workplace,
): Promise<TaskResult> {
  const tag = attemptTag(job, assignment.attempt, process.pid);
  const site: TaskSite = {
    directory,
    inputDirectory,
    reduces,
    tag,
    progress: meter,
    memoryBytes,
    skipBadRecords,
  };
  if (assignment.kind === "map") return runMapTask(assignment, app, site);
  return runReduceTask(assignment, app, site);
}
