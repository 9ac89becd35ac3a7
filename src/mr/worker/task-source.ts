import type { Split } from "../job/split.ts";
import type { Failure, OutputFile, TaskResult } from "../job/task.ts";

/** A task as the source handed it out. */
export type Assignment =
  | {
      readonly kind: "map";
      readonly task: number;
      readonly attempt: number;
      readonly split: Split;
    }
  | {
      readonly kind: "reduce";
      readonly task: number;
      readonly attempt: number;
      readonly sources: readonly OutputFile[];
    };

/** The job has ended, in this way. */
export interface Dismissal {
  readonly kind: "exit";
  readonly outcome: "completed" | "failed" | "cancelled";
}

/** What a worker has to know of the job. */
export interface JobFacts {
  /** Tells this job from any other in the same directory: 8 lower-case hex digits. */
  readonly job: string;
  /** Absolute path of the job directory. */
  readonly directory: string;
  /** Absolute path that relative inputs start from. */
  readonly inputDirectory: string;
  readonly reduces: number;
  readonly leaseMs: number;
  /** Leave out and count records that are malformed, or that the app throws on. */
  readonly skipBadRecords: boolean;
}

/**
 * Where tasks come from, as a worker sees it. Every report answers whether it counts: false says that
 * the attempt has been given up and whatever it made must be thrown away.
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
