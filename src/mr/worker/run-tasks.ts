import { basename } from "node:path";
import { MrError } from "../base/errors.ts";
import { describeThrown, stackOf } from "../base/thrown.ts";
import { DamagedRunError } from "../data/shuffle/run-file.ts";
import { AppError } from "../data/task/app-error.ts";
import type { Failure, OutputFile, Progress, TaskResult } from "../job/task.ts";
import type { PendingOutput } from "../storage/storage.ts";
import { AttemptGivenUpError } from "./attempt-given-up-error.ts";
import type { Assignment, Dismissal, JobFacts, TaskSource } from "./task-source.ts";

/** What an attempt has made. */
export interface AttemptResult {
  /** Its files, which nobody sees before they are committed. */
  readonly output: Pick<PendingOutput, "commit" | "discard">;
  readonly counters: TaskResult["counters"];
  readonly skipped?: TaskResult["skipped"];
  readonly spills?: TaskResult["spills"];
}

/** Where a worker says which attempt it is on, and who knows how far that has come. */
export interface AttemptObserver {
  begin(assignment: Assignment): void;
  /** What is left to be done is up to this program alone: no app can be stuck any more. */
  workDone(): void;
  end(): void;
  readonly progress: Progress;
}

/** Does the work of an attempt, up to the output that is to be committed. */
export type Execute = (job: JobFacts, assignment: Assignment) => Promise<AttemptResult>;

/**
 * A worker's side of the protocol: runs tasks from `source`, one at a time, until it says that the job
 * is over.
 *
 * @returns how the job ended
 */
export async function runTasks(
  source: TaskSource,
  execute: Execute,
  observer: AttemptObserver,
): Promise<Dismissal["outcome"]> {
  for (;;) {
    const assignment = await source.next();
    if (assignment.kind === "exit") return assignment.outcome;
    observer.begin(assignment);
    try {
      await runAttempt(source, assignment, execute, observer);
    } finally {
      observer.end();
    }
  }
}

/** One attempt, from its input to its report. Whatever happens, no temporary file stays behind. */
async function runAttempt(
  source: TaskSource,
  assignment: Assignment,
  execute: Execute,
  observer: AttemptObserver,
): Promise<void> {
  let made: AttemptResult | undefined;
  let outputs: readonly OutputFile[];
  try {
    try {
      made = await execute(source.job, assignment);
    } catch (error) {
      observer.workDone();
      // It was the coordinator that said so.
      if (error instanceof AttemptGivenUpError) return;
      await source.fail(assignment, failureOf(error), damagedIn(error));
      return;
    }
    observer.workDone();
    if (!(await source.commit(assignment))) return;
    try {
      outputs = await made.output.commit();
    } catch (error) {
      await source.fail(assignment, failureOf(error), []);
      return;
    }
    const { output: _, ...rest } = made;
    await source.complete(assignment, { ...rest, outputs, progress: observer.progress });
  } finally {
    made?.output.discard();
  }
}

/** The map outputs that made an attempt fail. */
function damagedIn(error: unknown): string[] {
  return error instanceof DamagedRunError ? [basename(error.path)] : [];
}

function failureOf(error: unknown): Failure {
  if (!(error instanceof MrError)) {
    return { code: "APP_THREW", message: describeThrown(error), stack: stackOf(error) };
  }
  // Where in the app it was thrown helps; where in this program something could not be done does not.
  const message = error.message.split("\n", 1)[0] ?? "";
  const { code } = error;
  return { code, message, stack: error instanceof AppError ? stackOf(error.cause) : undefined };
}
