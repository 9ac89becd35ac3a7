import type { LoadedApp } from "../app/load-app.ts";
import { MrError } from "../errors.ts";
import type { OutputFile, TaskFailure } from "../scheduler/types.ts";
import type { PendingFile } from "../storage/pending-file.ts";
import { runMapTask } from "../task/map-task.ts";
import type { ProgressMeter } from "../task/progress.ts";
import { runReduceTask } from "../task/reduce-task.ts";
import type { TaskResult, TaskSite } from "../task/task-site.ts";
import { StrayErrors } from "./stray-errors.ts";
import type { Assignment, Dismissal, JobFacts, TaskSource } from "./task-source.ts";

/** What the worker tells about the attempt it is on. */
export interface AttemptMeter extends ProgressMeter {
  begin(assignment: Assignment): void;
  end(): void;
}

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
    for (;;) {
      const assignment = await source.next();
      if (assignment.kind === "exit") return assignment.outcome;
      site.meter.begin(assignment);
      try {
        await runAttempt(source, assignment, app, site, strayErrors);
      } finally {
        site.meter.end();
      }
    }
  } finally {
    strayErrors.close();
  }
}

/** One attempt, from its input to its report. Whatever happens, no temporary file stays behind. */
async function runAttempt(
  source: TaskSource,
  assignment: Assignment,
  app: LoadedApp,
  site: Workplace,
  strayErrors: StrayErrors,
): Promise<void> {
  let files: PendingFile[] = [];
  let counters: TaskResult["counters"];
  let outputs: OutputFile[];
  try {
    try {
      const task = runTask(source.job, assignment, app, site);
      ({ files, counters } = await strayErrors.during(task));
      // Map outputs are checked against their summaries when they are read; results nobody checks.
      const durable = assignment.kind === "reduce";
      outputs = files.map((file) => file.finish({ durable }));
    } catch (error) {
      await source.fail(assignment, failureOf(error));
      return;
    }
    if (!(await source.commit(assignment))) return;
    try {
      for (const file of files) file.commit();
    } catch (error) {
      await source.fail(assignment, failureOf(error));
      return;
    }
    await source.complete(assignment, { outputs, counters });
  } finally {
    for (const file of files) file.discard();
  }
}

function runTask(
  { job, directory, inputDirectory, reduces, skipBadRecords }: JobFacts,
  assignment: Assignment,
  app: LoadedApp,
  { meter, memoryBytes }: Workplace,
): Promise<TaskResult> {
  const tag = `${job}-${assignment.attempt}-${process.pid}`;
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

function failureOf(error: unknown): TaskFailure {
  if (!(error instanceof Error)) return { message: firstLine(String(error)) };
  const message = error instanceof MrError ? error.message : `${error.name}: ${error.message}`;
  return { message: firstLine(message), stack: error.stack };
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}
