import { basename } from "node:path";
import { MrError } from "../base/errors.ts";
import { describeThrown, stackOf } from "../base/thrown.ts";
import type { Assignment, Dismissal, Registration } from "../control/protocol/protocol.ts";
import { DamagedRunError } from "../data/shuffle/run-file.ts";
import { AppError } from "../data/task/app-error.ts";
import type { TaskOutput } from "../data/task/task-context.ts";
import type { Failure, OutputFile, Progress, TaskResult } from "../job/task.ts";

/** The job, as its workers need it. */
export type JobFacts = Omit<Registration, "worker" | "term">;

/**
 * A source of tasks. Every report resolves to whether it counts: false if the attempt has been given up, and its
 * output must be discarded.
 */
export interface TaskSource {
  readonly job: JobFacts;
  /** Waits for a task, or for the end of the job. */
  next(): Promise<Assignment | Dismissal>;
  /** Asks for the right to publish the output of a task. At most one attempt gets it. */
  commit(assignment: Assignment): Promise<boolean>;
  complete(assignment: Assignment, result: TaskResult): Promise<boolean>;
  /** @param damaged names of the map outputs that a reduce attempt found missing or damaged */
  fail(assignment: Assignment, failure: Failure, damaged: readonly string[]): Promise<boolean>;
  close(): void;
}

/** The coordinator has given up the attempt that is running: its result would not count. */
export class StaleAttemptError extends MrError {
  override name = "StaleAttemptError";

  constructor() {
    super("ATTEMPT_STALE", "the coordinator has given this attempt up");
  }
}

/** Follows the attempt that a worker is on. */
export interface AttemptObserver {
  begin(assignment: Assignment): void;
  /** The app's part is done: it can't be stuck any more. */
  workDone(): void;
  end(): void;
  readonly progress: Progress;
  /** How the job has ended, if this was told during an attempt: the coordinator may be gone then. */
  readonly outcome?: Dismissal["outcome"] | undefined;
}

/** Does the work of an attempt, up to the output that is to be committed. */
export type Execute = (job: JobFacts, assignment: Assignment) => Promise<TaskOutput>;

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
    if (observer.outcome !== undefined) return observer.outcome;
  }
}

/** Runs an attempt from its input to its report. No temporary file stays behind. */
async function runAttempt(
  source: TaskSource,
  assignment: Assignment,
  execute: Execute,
  observer: AttemptObserver,
): Promise<void> {
  let made: TaskOutput | undefined;
  let outputs: readonly OutputFile[];
  try {
    try {
      made = await execute(source.job, assignment);
    } catch (error) {
      observer.workDone();
      // The coordinator knows.
      if (error instanceof StaleAttemptError || observer.outcome !== undefined) return;
      const damaged = error instanceof DamagedRunError ? [basename(error.path)] : [];
      await source.fail(assignment, failureOf(error), damaged);
      return;
    }
    observer.workDone();
    if (observer.outcome !== undefined || !(await source.commit(assignment))) return;
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

function failureOf(error: unknown): Failure {
  if (!(error instanceof MrError)) {
    return { code: "APP_THREW", message: describeThrown(error), stack: stackOf(error) };
  }
  // Only the stack of an app's error is of use to its author.
  const message = error.message.split("\n", 1)[0] ?? "";
  const { code } = error;
  return { code, message, stack: error instanceof AppError ? stackOf(error.cause) : undefined };
}
