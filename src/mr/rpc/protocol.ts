import * as v from "valibot";

/**
 * The messages between workers and the coordinator: the parameters and results of every method, and
 * their limits. docs/protocol.md describes them for people.
 */

/** Raised when a message changes its meaning; a worker of another version is refused. */
export const PROTOCOL_VERSION = 1;
export const RPC_PATH = "/rpc";

/** JSON-RPC error codes of this protocol, in the range the specification leaves to servers. */
export const RPC_ERRORS = {
  /** The worker may not take part in this job: other protocol, other app. */
  refused: -32001,
  /** The worker number was never given out by this coordinator. */
  unknownWorker: -32002,
  /** The parameters do not fit the method: the specification's own code. */
  invalidParams: -32602,
} as const;

const count = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(Number.MAX_SAFE_INTEGER));
const text = v.pipe(v.string(), v.maxLength(100_000));
const digest = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, "64 hex digits expected"));
const phase = v.picklist(["map", "reduce"]);
const worker = count;
/** Whether the app's inputs may be cut at any byte, or a file is one task. */
const splitting = v.picklist(["wholeFile", "bytes"]);
const counters = v.record(v.pipe(v.string(), v.maxLength(200)), v.pipe(v.number(), v.finite()));

const attemptEntries = { worker, phase, task: count, attempt: count };

const outputFile = v.object({
  name: v.pipe(
    v.string(),
    v.regex(/^mr-(out|[0-9]+)-[0-9]+$/, "the name of a job output expected"),
  ),
  bytes: count,
  crc32: v.pipe(count, v.maxValue(0xffffffff)),
});

const none = v.optional(v.union([v.strictObject({}), v.tuple([])]));

/** The parameters each method takes. */
export const PARAMS = {
  "worker.register": v.object({ protocol: count, pid: count, app: text, digest, splitting }),
  "task.request": v.object({ worker }),
  "task.progress": v.object({
    ...attemptEntries,
    records: count,
    bytes: count,
    cpuMs: v.pipe(v.number(), v.minValue(0)),
  }),
  "task.commit": v.object(attemptEntries),
  "task.complete": v.object({
    ...attemptEntries,
    outputs: v.pipe(v.array(outputFile), v.maxLength(1_000_000)),
    counters: v.optional(counters, {}),
  }),
  "task.fail": v.object({
    ...attemptEntries,
    message: text,
    stack: v.optional(text),
    /** Names of the map outputs that a reduce attempt found missing or damaged. */
    damaged: v.optional(v.pipe(v.array(text), v.maxLength(100_000))),
  }),
  "job.status": none,
  "job.cancel": v.optional(v.object({ reason: v.optional(text) })),
} as const;

export type Method = keyof typeof PARAMS;
export type Params<M extends Method> = v.InferOutput<(typeof PARAMS)[M]>;

type OutputReport = v.InferOutput<typeof outputFile>;

/** The job as a worker sees it, told once at registration. */
export interface Registration {
  /** This worker's number, to be sent with every further call. */
  readonly worker: number;
  /** Tells this job from any other in the same directory: 8 lower-case hex digits. */
  readonly job: string;
  /** Absolute path of the directory of `mr-X-Y` and `mr-out-Y`. */
  readonly directory: string;
  readonly reduces: number;
  readonly leaseMs: number;
}

/** A part of an input file: the records that begin in its bytes `start` … `end − 1`. */
export interface Split {
  /** The input as the user named it; a relative path starts from the job directory. */
  readonly file: string;
  readonly start: number;
  readonly end: number;
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
  readonly directory: string;
  readonly phase: "map" | "reduce";
  readonly state: "running" | "completed" | "failed" | "cancelled";
  readonly app: string | null;
  readonly elapsedMs: number;
  /** What the app has counted, summed over completed tasks. */
  readonly counters: Readonly<Record<string, number>>;
  readonly maps: PhaseStatus;
  readonly reduces: PhaseStatus;
  readonly workers: ReadonlyArray<{
    readonly worker: number;
    readonly pid: number;
    /** What it is doing, such as `map 3, attempt 1`; null while it waits. */
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

/**
 * Checks what arrived from outside against what the method takes.
 *
 * @returns the parameters, or a sentence that says which one is wrong
 */
export function parseParams<M extends Method>(method: M, input: unknown): Params<M> | string {
  const result = v.safeParse(PARAMS[method], input, { abortEarly: true });
  if (result.success) return result.output as Params<M>;
  const issue = result.issues[0];
  const path = v.getDotPath(issue);
  return path === null ? issue.message : `${path}: ${issue.message}`;
}
