import type { MaxBadRecords } from "../../job/bad-records.ts";
import type { JobSpec } from "../../job/job-spec.ts";
import type { TaskInput } from "../../job/split.ts";
import type {
  Attempt,
  AttemptId,
  CancelReason,
  CompletedTask,
  Failure,
  JobEnd,
  LossReason,
  Phase,
  Progress,
  TaskResult,
  Timeout,
} from "../../job/task.ts";

/**
 * The scheduler's vocabulary: what can happen (events), what it decides (effects), and what it
 * remembers of a task. Times are milliseconds of a monotonic clock with an arbitrary origin.
 */

/**
 *                  assign                       complete
 *     ┌──────┐ ────────────▶ ┌────────────┐ ────────────▶ ┌───────────┐
 *     │ idle │               │ inProgress │               │ completed │
 *     └──────┘ ◀──────────── └────────────┘               └───────────┘
 *         ▲      lease ended, worker gone,                      │
 *         │      attempt failed or timed out,                   │
 *         │      and no backup lives                            │
 *         └─────────────────────────────────────────────────────┘
 *                       output missing or damaged
 */
export type TaskState =
  /** No worker runs it. It is in the queue, or its phase has not begun. */
  | "idle"
  /** One or two workers hold a lease on it. A lease ends unless its worker makes progress. */
  | "inProgress"
  /** One attempt has published its output. Reports of any other attempt are stale. */
  | "completed";

export type SchedulerEvent =
  /** The number of map tasks has changed. Ignored once an attempt has been started. */
  | { readonly type: "plan"; readonly maps: number }
  /** These tasks were completed before this scheduler existed. Only `plan` may come before it. */
  | { readonly type: "resume"; readonly completed: readonly CompletedTask[] }
  /** A worker asks for a task. One that holds a task gets the same one again. */
  | { readonly type: "request"; readonly worker: number }
  /** A worker's request can no longer be answered: its connection is gone, its attempt continues. */
  | { readonly type: "withdraw"; readonly worker: number }
  /** A worker is gone, and its attempt is lost. */
  | { readonly type: "leave"; readonly worker: number }
  /** `isAlive`: the lease is renewed even if no number has grown. */
  | ({
      readonly type: "progress";
      readonly progress: Progress;
      readonly isAlive?: boolean;
    } & AttemptId)
  /** An attempt has its output ready under temporary names and asks to publish it. */
  | ({ readonly type: "commit" } & AttemptId)
  | ({ readonly type: "complete"; readonly result: TaskResult } & AttemptId)
  /**
   * An attempt has failed. If a reduce attempt names map tasks whose outputs are missing or damaged, those tasks
   * run again, and the reduce task has not failed.
   */
  | ({
      readonly type: "fail";
      readonly failure: Failure;
      readonly damagedMaps?: readonly number[];
    } & AttemptId)
  /** The results were read, as `checkResults` asked: those of these reduce tasks are missing or not what was written. */
  | { readonly type: "checked"; readonly lost: readonly number[] }
  | { readonly type: "tick" }
  | { readonly type: "cancel"; readonly reason: CancelReason };

export type Effect =
  /** Tell the worker to run this attempt. */
  | ({ readonly type: "assign" } & Attempt)
  /** Another attempt of its task, number `by`, has been granted the commit. */
  | ({ readonly type: "superseded"; readonly by: number } & Attempt)
  /** A reduce attempt stopped at missing or damaged map outputs. Its task waits for new ones. */
  | ({ readonly type: "blocked"; readonly failure: Failure } & Attempt)
  /** The output of this attempt is missing or damaged: its task is idle again. */
  | ({ readonly type: "reopened" } & AttemptId)
  /** Tell the worker that there is nothing more to do. */
  | { readonly type: "dismiss"; readonly worker: number }
  /** Answer the report that caused this step. A stale report is refused and has no other effect. */
  | { readonly type: "verdict"; readonly accepted: boolean }
  | ({ readonly type: "completed" } & Attempt)
  | ({ readonly type: "lost"; readonly reason: LossReason } & Attempt)
  | ({ readonly type: "failed"; readonly failure: Failure | Timeout } & Attempt)
  /** All map tasks are completed, for the first time or once more. */
  | { readonly type: "phaseStarted"; readonly phase: Phase }
  /** All reduce tasks are completed: read their results, and answer with `checked`. */
  | { readonly type: "checkResults" }
  /** The last effect of a job, once. */
  | { readonly type: "ended"; readonly outcome: JobEnd };

/** The job, as its scheduler needs it. */
export interface JobShape
  extends Pick<
    JobSpec,
    "reduces" | "leaseMs" | "taskTimeoutMs" | "maxFailures" | "maxLosses" | "maxBackups"
  > {
  readonly maps: number;
  /** Whether the results are checked before the job is complete. */
  readonly checksResults?: boolean | undefined;
  /** How many records may be bad; no limit if it is undefined. */
  readonly maxBadRecords?: MaxBadRecords | undefined;
  /** The input of a map task, for the reason why a job failed. */
  readonly inputOf?: ((map: number) => TaskInput | undefined) | undefined;
}
