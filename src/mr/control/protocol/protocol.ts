import type { InferOutput } from "valibot";
import type { JobSpec, Settings } from "../../job/job-spec.ts";
import type { Split } from "../../job/split.ts";
import type { AttemptId, JobEnd, OutputFile, Phase, TaskCounts } from "../../job/task.ts";
import type { PARAMS } from "./params.ts";

/**
 * The messages between workers and the coordinator, which docs/protocol.md describes. The schemas that check
 * parameters are in params.ts, which workers need not load.
 */

/** Raised when a message changes its meaning; a worker of another version is refused. */
export const PROTOCOL_VERSION = 2;
export const RPC_PATH = "/rpc";

/** JSON-RPC error codes of this protocol, in the range the specification leaves to servers. */
export const RPC_ERRORS = {
  /** The worker may not take part in this job: other protocol, app or settings. */
  refused: -32001,
  /** The worker number was never given out by this coordinator. */
  unknownWorker: -32002,
  /** The parameters do not fit the method: the specification's own code. */
  invalidParams: -32602,
  /** A mistake in the coordinator: the specification's own code. */
  internal: -32603,
  /** The same, as json-rpc-2.0 has it for what a handler throws. */
  thrown: 0,
} as const;

export type Method = keyof typeof PARAMS;
export type Params<M extends Method> = InferOutput<(typeof PARAMS)[M]>;

export interface Registration
  extends Pick<JobSpec, "directory" | "inputDirectory" | "reduces" | "leaseMs" | "skipBadRecords"> {
  /** This worker's number, to be sent with every further call. */
  readonly worker: number;
  /** Tells this job from any other in the same directory: 8 lower-case hex digits. */
  readonly job: string;
  /** Orders the coordinators of a job: 1 for the first, larger for each that resumed the job. */
  readonly term: number;
  /** The names of all inputs of the job, in their order, for a worker whose app checks them. */
  readonly inputs?: readonly string[];
}

/** The job has ended: the worker is to exit. */
export interface Dismissal {
  readonly kind: "exit";
  readonly outcome: JobEnd["state"];
}

export type Assignment = { readonly task: number; readonly attempt: number } & (
  | { readonly kind: "map"; readonly split: Split }
  /** The outputs of all map tasks for this reduce task, in the order of the map tasks. */
  | { readonly kind: "reduce"; readonly sources: readonly OutputFile[] }
);

/** `accepted: false` says that the attempt is stale: its report does not count. */
export interface Verdict {
  readonly accepted: boolean;
}

/** The answer to a report on the progress of an attempt. */
export interface ProgressVerdict extends Verdict {
  /** How the job has ended, if it has: a worker whose app lets it ask for no task learns it from this. */
  readonly outcome?: JobEnd["state"];
}

/** The answer to a worker that has completed a task. */
export interface Completion extends Verdict {
  /** What the worker is to do now, if it asked for that and there is something. */
  readonly next?: Assignment | Dismissal;
}

export interface JobStatus extends Pick<Registration, "job" | "term" | "directory"> {
  readonly phase: Phase;
  readonly state: "running" | JobEnd["state"];
  readonly app: string | null;
  /** The values of environment variables that the app asked for. */
  readonly settings: Settings;
  readonly elapsedMs: number;
  /** The counters of the app, summed over completed tasks. */
  readonly counters: Readonly<Record<string, number>>;
  readonly maps: TaskCounts;
  readonly reduces: TaskCounts;
  readonly workers: ReadonlyArray<{
    readonly worker: number;
    readonly pid: number;
    /** The attempt it is on; null while it waits. */
    readonly task: AttemptId | null;
  }>;
}

export interface Results {
  "worker.register": Registration;
  "task.request": Assignment | Dismissal;
  "task.progress": ProgressVerdict;
  "task.commit": Verdict;
  "task.complete": Completion;
  "task.fail": Verdict;
  "job.status": JobStatus;
  "job.cancel": Verdict;
}
