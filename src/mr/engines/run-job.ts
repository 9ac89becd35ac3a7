import type { MaxBadRecords } from "../job/bad-records.ts";
import type { JobEvent } from "../job/events.ts";
import type { EngineResult } from "./engine.ts";
import { EventQueue } from "./event-queue.ts";

/** The options of {@link runJob}. Only `app` and `inputs` must be given. */
export interface RunJobOptions {
  /** The app: a path, or the name of a shipped app such as `wc`. */
  readonly app: string;
  /**
   * Input files, directories or patterns, relative to the current directory. On resuming, an empty array stands
   * for the inputs of the job.
   */
  readonly inputs: readonly string[];
  /**
   * Directory for the output files; created if missing, refused if it has files of a job in it unless
   * that job is to be resumed. Default `mr-out`.
   */
  readonly out?: string;
  /**
   * The engine that runs the tasks: `local`, in worker processes on this machine; or `sequential`, in this
   * process, one task after the other and with everything in memory, to compare with. It does not use `workers`,
   * `splitBytes`, `memoryBytes`, `leaseMs`, `taskTimeoutMs`, `attempts`, `backups`, `keep` and `onOutput`, and
   * cannot resume. Default `local`.
   */
  readonly engine?: "local" | "sequential";
  /**
   * Number of worker processes, up to 1000. Default: one per processor. A small job may be over before all of them
   * have been started.
   */
  readonly workers?: number;
  /** Number of reduce tasks and output files, up to 100,000. Default 10, or that of the job that is resumed. */
  readonly reduces?: number;
  /** How long an attempt may go without progress, in milliseconds, at least 100. Default 10,000. */
  readonly leaseMs?: number;
  /**
   * How long an attempt may run, in milliseconds, at least 100, however much progress it makes: an endless
   * loop would keep its lease for ever. An attempt that takes longer has failed, and its worker process is
   * replaced. Default: no limit.
   */
  readonly taskTimeoutMs?: number;
  /** How many attempts of a task may fail before the job does, up to 100. Default 4. */
  readonly attempts?: number;
  /**
   * How large a part of an input file one map task takes, in bytes. Default 64 MiB; in jobs below 4 GiB a
   * 64th of the job, but not below 32 MiB.
   */
  readonly splitBytes?: number;
  /**
   * How much memory a worker process may take at its peak, in bytes, except for what the app itself holds and
   * for one record or value at a time. Default 512 MiB, at least 160 MiB.
   */
  readonly memoryBytes?: number;
  /** Skip and count records that are malformed, or that the app throws on. Default false. */
  readonly skipBadRecords?: boolean;
  /**
   * How many bad records the job may have before it fails with `TOO_MANY_BAD_RECORDS`: a number, 0 for none; or a
   * share such as `"5%"`, `"100%"` for no limit. A record is bad if it was skipped, or the app has called
   * `context.badRecord` for it. A share is one of the records that map tasks have read, and also one of the keys
   * that reduce tasks have; a number counts bad records and skipped keys together. It is checked when all map
   * tasks are completed, and again when all reduce tasks are. Default `"90%"`, or that of the job that is resumed.
   */
  readonly maxBadRecords?: MaxBadRecords;
  /** Whether a straggler near the end of a phase gets a backup attempt. Default true. */
  readonly backups?: boolean;
  /**
   * Whether to resume the job in `out`, which was killed or cancelled, or has failed. Completed tasks are not run
   * again. Default false.
   */
  readonly resume?: boolean;
  /**
   * Whether the types of a TypeScript app are checked before the job begins, by the TypeScript that is
   * installed where the app is, with the tsconfig.json that is nearest to it; without either there is no
   * check. An app that was checked and has not changed is not checked again. Default true.
   */
  readonly check?: boolean;
  /** Whether to keep the map outputs `mr-X-Y`. Default false. */
  readonly keep?: boolean;
  /** Ends the job early. Its reason is the `cause` of the error. */
  readonly signal?: AbortSignal;
  /** Receives lines about the job for people. Default: none are written. */
  readonly log?: (line: string) => void;
  /**
   * Receives what the app prints in the workers, in pieces as they come. Default: it goes to the standard
   * error of this process.
   */
  readonly onOutput?: (text: string) => void;
  /**
   * Receives everything that happens in the job, in order, at once. An error that one of these three throws
   * ends the job, and is the `cause` of the job's error.
   */
  readonly onEvent?: (event: JobEvent) => void;
}

/** A job that is complete. */
export interface JobResult extends EngineResult {
  /** How long the job took, in milliseconds. */
  readonly elapsedMs: number;
}

/** A job that has been started. */
export interface RunningJob {
  /**
   * Everything that happens in the job, in order, from its start to `jobEnded`; for one reader. It ends
   * when `result` is there, and never fails: `result` rejects with the reason.
   *
   * The job does not wait for its reader. Unread events are kept, about three an attempt: of an attempt's
   * progress just the last. Leaving the loop drops the rest.
   */
  readonly events: AsyncIterableIterator<JobEvent>;
  /** Resolves or rejects as `runJob` does. A rejection need not be handled if the events are enough. */
  readonly result: Promise<JobResult>;
  /**
   * Ends the job early: `result` rejects with a JobCancelledError. Harmless when it has ended.
   *
   * @param reason for people. Default `cancelled`.
   */
  cancel(reason?: string): void;
}

/**
 * Runs a job to its end.
 *
 * @throws UsageError when an option is not what it may be; MrError when the app cannot be loaded or has a
 *   type error (the message begins with its file, line and column), an input cannot be read, or the output
 *   directory cannot be written or has results in it; JobFailedError when a task cannot be done;
 *   JobCancelledError when the job is ended early
 */
export async function runJob(options: RunJobOptions): Promise<JobResult> {
  // Every app imports this library, so every worker loads this file. Workers do not need the rest.
  const { executeJob } = await import("./execute-job.ts");
  return await executeJob(options);
}

/**
 * Starts a job as {@link runJob} does, and gives its events to read.
 *
 * @returns at once; errors in the options are those of `result`
 */
export function startJob(options: RunJobOptions): RunningJob {
  const events = new EventQueue();
  const abort = new AbortController();
  const handle = {
    signal: abort.signal,
    onEvent: (event: JobEvent) => events.push(event),
  };
  const result = import("./execute-job.ts").then(({ executeJob }) => executeJob(options, handle));
  // The promise that this makes is handled: a program that reads the events first must not end by `result`.
  const end = () => events.end();
  result.then(end, end);
  return { events, result, cancel: (reason = "cancelled") => abort.abort(reason) };
}
