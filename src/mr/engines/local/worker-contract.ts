import type { CompiledApp } from "../../app/load/compile-app.ts";
import type { ErrorCode } from "../../base/error-codes.ts";
import type { NewJob, ResumedJob } from "../../job/job-spec.ts";
import type { WorkerOptions } from "../../worker/start-worker.ts";

/*
 * The interface between the program of a worker and the process that starts it.
 */

/** The options of a worker process, as JSON on its standard input. Other users can't read them there. */
export interface WorkerProcessOptions
  extends Omit<WorkerOptions, "app">,
    Pick<NewJob | ResumedJob, "reduces"> {
  /** Absolute path of the app. */
  readonly app: string;
  /** The app as compiled for the job: all workers run the same, also if its source changes meanwhile. */
  readonly compiled?: CompiledApp;
  /** Variables to set before the app is loaded. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Only load the app, and write an {@link Explanation} if that fails. */
  readonly explains?: boolean | undefined;
}

/** Exit code of a worker that could not load its app; no app is likely to exit with it. */
export const APP_NOT_LOADED = 86;
/** Exit code of a worker that could not do its work, and has printed why. */
export const WORKER_FAILED = 87;

/** The file descriptor that explanations are written to. */
export const EXPLANATION = 3;

export interface Explanation {
  readonly message: string;
  readonly code: ErrorCode;
}
