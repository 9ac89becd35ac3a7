import { basename } from "node:path";
import type { LoadedApp } from "../app/load-app.ts";
import { MrError } from "../errors.ts";
import type { OutputFile, TaskFailure } from "../scheduler/types.ts";
import { DamagedRunError } from "../shuffle/run-reader.ts";
import type { PendingFile } from "../storage/pending-file.ts";
import { runMapTask, type TaskSite } from "../task/map-task.ts";
import type { ProgressMeter } from "../task/progress.ts";
import { runReduceTask } from "../task/reduce-task.ts";
import { StrayErrors } from "./stray-errors.ts";
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
  const strayErrors = new StrayErrors();
  try {
    for (;;) {
      const assignment = await source.next();
      if (assignment.kind === "exit") return assignment.outcome;
      meter.begin(assignment);
      try {
        await runAttempt(source, assignment, app, meter, strayErrors);
      } finally {
        meter.end();
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
  progress: ProgressMeter,
  strayErrors: StrayErrors,
): Promise<void> {
  let files: PendingFile[] = [];
  let outputs: OutputFile[];
  try {
    try {
      files = await strayErrors.during(runTask(source.job, assignment, app, progress));
      // Map outputs are checked against their summaries when they are read; results nobody checks.
      const durable = assignment.kind === "reduce";
      outputs = files.map((file) => file.finish({ durable }));
    } catch (error) {
      await source.fail(assignment, failureOf(error), damagedIn(error));
      return;
    }
    if (!(await source.commit(assignment))) return;
    try {
      for (const file of files) file.commit();
    } catch (error) {
      await source.fail(assignment, failureOf(error), []);
      return;
    }
    await source.complete(assignment, { outputs, counters: {} });
  } finally {
    for (const file of files) file.discard();
  }
}

function runTask(
  { job, directory, reduces }: JobFacts,
  assignment: Assignment,
  app: LoadedApp,
  progress: ProgressMeter,
): Promise<PendingFile[]> {
  const tag = `${job}-${assignment.attempt}-${process.pid}`;
  const site: TaskSite = { directory, reduces, tag, progress };
  if (assignment.kind === "map") return runMapTask(assignment, app, site);
  return runReduceTask(assignment, app, site);
}

/** The map outputs that made an attempt fail. */
function damagedIn(error: unknown): string[] {
  return error instanceof DamagedRunError ? [basename(error.path)] : [];
}

function failureOf(error: unknown): TaskFailure {
  if (!(error instanceof Error)) return { message: firstLine(String(error)) };
  const message = error instanceof MrError ? error.message : `${error.name}: ${error.message}`;
  return { message: firstLine(message), stack: error.stack };
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}
