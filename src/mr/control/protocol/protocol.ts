import type { InferOutput } from "valibot";
import type { Split } from "../../job/split.ts";
import type { PARAMS } from "./params.ts";

/**
 * The messages between workers and the coordinator. docs/protocol.md describes them for people. What
 * parameters are checked against is in params.ts: a worker does not need it, and pays for what it loads.
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
} as const;

export type Method = keyof typeof PARAMS;
export type Params<M extends Method> = InferOutput<(typeof PARAMS)[M]>;

interface OutputReport {
  readonly name: string;
  readonly bytes: number;
  readonly crc32: number;
}

/** The job as a worker sees it, told once at registration. */
export interface Registration {
  /** This worker's number, to be sent with every further call. */
  readonly worker: number;
  /** Tells this job from any other in the same directory: 8 lower-case hex digits. */
  readonly job: string;
  /** Orders the coordinators of a job: 1 for the first, larger for each that resumed the job. */
  readonly term: number;
  /** Absolute path of the directory of `mr-X-Y` and `mr-out-Y`. */
  readonly directory: string;
  /** Absolute path that relative inputs start from. */
  readonly inputDirectory: string;
  readonly reduces: number;
  readonly leaseMs: number;
  /** Leave out and count records that are malformed, or that the app throws on. */
  readonly skipBadRecords: boolean;
}

interface MapAssignment {
  readonly kind: "map";
  readonly task: number;
  readonly attempt: number;
  readonly split: Split;
}

interface ReduceAssignment {
  readonly kind: "reduce";
  readonly task: number;
  readonly attempt: number;
  /** The outputs of all map tasks for this reduce task, in the order of the map tasks. */
  readonly sources: readonly OutputReport[];
}

/** Nothing more to do, now or later: the worker ends. */
export interface Dismissal {
  readonly kind: "exit";
  readonly outcome: "completed" | "failed" | "cancelled";
}

export type Assignment = MapAssignment | ReduceAssignment;

/** `accepted: false` says that the attempt is stale: what it did or has to say does not count. */
export interface Verdict {
  readonly accepted: boolean;
}

interface PhaseStatus {
  readonly idle: number;
  readonly inProgress: number;
  readonly completed: number;
}

export interface JobStatus {
  readonly job: string;
  /** Orders the coordinators of a job: 1 for the first, larger for each that resumed the job. */
  readonly term: number;
  readonly directory: string;
  readonly phase: "map" | "reduce";
  readonly state: "running" | "completed" | "failed" | "cancelled";
  readonly app: string | null;
  /** What the app was told by environment variables, by name; null for those that are not set. */
  readonly settings: Readonly<Record<string, string | null>>;
  readonly elapsedMs: number;
  /** What the app has counted, summed over completed tasks. */
  readonly counters: Readonly<Record<string, number>>;
  readonly maps: PhaseStatus;
  readonly reduces: PhaseStatus;
  readonly workers: ReadonlyArray<{
    readonly worker: number;
    readonly pid: number;
    /** The attempt it is on; null while it waits. */
    readonly task: { phase: "map" | "reduce"; task: number; attempt: number } | null;
  }>;
}

export interface Results {
  "worker.register": Registration;
  "task.request": Assignment | Dismissal;
  "task.progress": Verdict;
  "task.commit": Verdict;
  "task.complete": Verdict;
  "task.fail": Verdict;
  "job.status": JobStatus;
  "job.cancel": Verdict;
}
