import type { MrError } from "../../base/errors.ts";
import type { DecidedEvent } from "../../job/events.ts";
import type { JobSpec } from "../../job/job-spec.ts";
import type { JobPlan } from "../../job/split.ts";
import type { AttemptId, JobEnd } from "../../job/task.ts";
import type { JobLog, LogState } from "../log/job-log.ts";
import type { Scheduler } from "../scheduler/scheduler.ts";
import type { JobShape } from "../scheduler/types.ts";

/** The job, as its coordinator needs it. */
export interface JobOptions
  extends Omit<JobShape, "maps" | "inputOf">,
    Pick<JobSpec, "directory" | "inputDirectory" | "skipBadRecords"> {
  /**
   * Splits the inputs into map tasks, at least one. Called once for whole files and, if the first worker's app
   * can start in the middle of a file, again; not at all for a job that is resumed and had begun.
   */
  readonly plan: JobPlan;
  /** Keeps the decisions. Without one, the job cannot be resumed. */
  readonly log?: JobLog | undefined;
  /** The state of the job according to its log, if this is not its first coordinator. */
  readonly resumed?: LogState | undefined;
  /** Receives everything that happens, in order, once it is safe. Must not throw. */
  readonly onEvent?: ((event: DecidedEvent) => void) | undefined;
}

/** The thin shell around a job's state: clock, timer and owner. */
export interface JobShell {
  /** A monotonic clock. */
  readonly nowMs: () => number;
  /** Something has happened, and `JobControl.tickInMs` may have changed. */
  readonly onStep: () => void;
  /** A worker is gone. Temporary files of its attempt may be left, with `tag` in their names. */
  readonly onAbandoned?: (attempt: AttemptId, tag: string) => void;
  /** Creates the scheduler; for tests. */
  readonly createScheduler?: (shape: JobShape) => Scheduler;
  /** The job has ended. Waiting workers have been told. */
  readonly onEnd: (outcome: JobEnd) => void;
  /** Another coordinator leads the job. This one is silent from now on. */
  readonly onDeposed: (error: MrError) => void;
}
