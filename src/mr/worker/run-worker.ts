import { statSync } from "node:fs";
import { resolve } from "node:path";
import type { LoadedApp } from "../app/load-app.ts";
import type { OutputFile, TaskFailure } from "../scheduler/types.ts";
import type { PendingFile } from "../storage/pending-file.ts";
import { runMapTask } from "../task/map-task.ts";
import type { ProgressMeter } from "../task/progress.ts";
import { runReduceTask } from "../task/reduce-task.ts";
import type { TaskResult, TaskSite } from "../task/task-site.ts";
import type { Assignment, Dismissal, JobFacts, TaskSource } from "./task-source.ts";

/** What the worker tells about the attempt it is on. */
export interface AttemptMeter extends ProgressMeter {
  begin(assignment: Assignment): void;
  end(): void;
}

/**
 * Runs tasks from `source`, one at a time, until it says that the job is over.
 *
 * @returns how the job ended
 */
export async function runWorker(
  source: TaskSource,
  app: LoadedApp,
  meter: AttemptMeter,
): Promise<Dismissal["outcome"]> {
  for (;;) {
    const assignment = await source.next();
    if (assignment.kind === "exit") return assignment.outcome;
    meter.begin(assignment);
    try {
      await runAttempt(source, assignment, app, meter);
    } finally {
      meter.end();
    }
  }
}

/** One attempt, from its input to its report. Whatever happens, no temporary file stays behind. */
async function runAttempt(
  source: TaskSource,
  assignment: Assignment,
  app: LoadedApp,
  progress: ProgressMeter,
): Promise<void> {
  let files: PendingFile[] = [];
  let outputs: OutputFile[];
  try {
    try {
      ({ files } = await runTask(source.job, assignment, app, progress));
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
    await source.complete(assignment, outputs);
  } finally {
    for (const file of files) file.discard();
  }
}

function runTask(
  { job, directory, reduces }: JobFacts,
  assignment: Assignment,
  app: LoadedApp,
  progress: ProgressMeter,
): Promise<TaskResult> {
  const tag = `${job}-${assignment.attempt}-${process.pid}`;
  const site: TaskSite = { directory, reduces, tag, progress };
  if (assignment.kind === "map") {
    const { task, file } = assignment;
    // Until the coordinator plans splits, every file is one.
    const { size } = statSync(resolve(directory, file));
    return runMapTask({ task, split: { file, start: 0, end: size } }, app, site);
  }
  return runReduceTask(assignment, app, site);
}

function failureOf(error: unknown): TaskFailure {
  if (error instanceof Error) return { message: error.message, stack: error.stack };
  return { message: String(error) };
}
