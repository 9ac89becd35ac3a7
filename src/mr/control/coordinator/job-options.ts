import type { DecidedEvent } from "../../job/events.ts";
import type { JobPlan } from "../../job/split.ts";
import type { AttemptId, JobEnd } from "../../job/task.ts";
import type { Journal, JournalState } from "../log/journal.ts";
import type { Scheduler } from "../scheduler/scheduler.ts";
import type { JobShape } from "../scheduler/types.ts";

/** What a coordinator has to know of a job. */
export interface JobOptions extends Omit<JobShape, "maps" | "inputOf"> {
  /**
   * Cuts the inputs into map tasks, at least one. Called once for whole files and, where the first
   * worker's app can start in the middle of a file, again; not at all when a job is resumed that had
   * begun.
   */
  readonly plan: JobPlan;
  /** Absolute path of the job directory. */
  readonly directory: string;
  /** Absolute path that relative inputs start from. */
  readonly inputDirectory: string;
  /** Leave out and count records that are malformed, or that the app throws on. */
  readonly skipBadRecords: boolean;
  /** Where decisions are kept. Without one, the job cannot be resumed. */
  readonly journal?: Journal | undefined;
  /** What the journal says of the job, when this is not the first coordinator to run it. */
  readonly resumed?: JournalState | undefined;
  /** Receives everything that happens, in order, the moment it has. Must not throw. */
  readonly onEvent?: ((event: DecidedEvent) => void) | undefined;
}

/** What the owner of a job's socket and timer does for it. */
export interface JobSurroundings {
  /** A monotonic clock. */
  readonly nowMs: () => number;
  /** Something has happened, and `JobControl.tickInMs` may have changed. */
  readonly onStep: () => void;
  /** A worker is gone, and may have left files of this attempt, which have this tag in their names. */
  readonly onAbandoned?: (attempt: AttemptId, tag: string) => void;
  /** Makes the scheduler. Default: the one there is. */
  readonly createScheduler?: (shape: JobShape) => Scheduler;
  /** The job has ended. Workers that wait have been told. */
  readonly onEnd: (outcome: JobEnd) => void;
}
