import { isShippedApp } from "../app/load/find-app.ts";
import type { JobEvent } from "../job/events.ts";
import type { NewJob, ResumedJob } from "../job/job-spec.ts";
import type { SkippedRecord } from "../job/task.ts";

/** How an engine reports on a job, and how the job is ended early. No function of it throws. */
export interface JobContext {
  /** Receives what the app prints in worker processes; undefined for the standard error of this process. */
  readonly onOutput: ((text: string) => void) | undefined;
  /** Receives what happens in the job, in order, from `jobStarted` to `jobEnded`; before, maybe `typesNotChecked`. */
  readonly onEvent: (event: JobEvent) => void;
  /** Ends the job early. Its reason is a {@link JobCancelledError}. */
  readonly signal: AbortSignal;
}

/** The result of a complete job. */
export interface EngineResult {
  /** Absolute paths of the output files, in the order of the reduce tasks. */
  readonly outputs: readonly string[];
  /** The counters of the app, by name; with `skipBadRecords`, `skipped-records` among them. */
  readonly counters: Readonly<Record<string, number>>;
  /** Records that were skipped: the first 100 of each task, 1000 in all. All are counted. */
  readonly skipped: readonly SkippedRecord[];
}

/**
 * Runs the tasks of a job. Every engine writes the same bytes to `mr-out-0`, `mr-out-1`, … in the
 * directory of the job, or fails with an error that names the cause, and leaves nothing half-written there.
 */
export interface Engine {
  /**
   * Runs a job to its end.
   *
   * @throws MrError when the job cannot begin; JobFailedError when a task cannot be done; JobCancelledError
   *   when the job was ended early
   */
  run(spec: NewJob | ResumedJob, context: JobContext): Promise<EngineResult>;
}

/**
 * Checks the types of the app of a job, if it is TypeScript of a user and the job is to check them.
 *
 * @throws MrError APP_TYPE_ERROR
 */
export async function checkTypes(app: string, spec: NewJob | ResumedJob, context: JobContext) {
  if (!spec.checkTypes || !/\.m?ts$/.test(app) || isShippedApp(app)) return;
  // Loaded only for an app whose types can be checked.
  const { checkAppTypes } = await import("../app/load/check-app-types.ts");
  const why = await checkAppTypes(app, context.signal);
  if (why === undefined) return;
  const message = `The types of the app are not checked: ${why}`;
  context.onEvent({ type: "typesNotChecked", message, atMs: 0 });
}
