import type { JobEvent } from "../job/events.ts";
import type { SkippedRecord } from "../job/task.ts";
import { EventStream } from "./event-stream.ts";
/** What {@link runJob} is to do. Only `app` and `inputs` must be given. */
export interface RunJobOptions {
  /** The app: a path, or the name of a shipped app such as `wc`. */
  readonly app: string;
  /**
   * Input files, directories or patterns, relative to the current directory. On resuming, none stands
   * for those the job has had.
   */
  readonly inputs: readonly string[];
  /**
   * Directory for the output files; created if missing, refused if it has files of a job in it unless
   * that job is to be resumed. Default `mr-out`.
   */
  readonly out?: string;
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
   * How long an attempt may run, in milliseconds, at least 100, however much progress it makes: what computes for ever
   * would keep its lease for ever. A longer one has failed, and its worker process is replaced. Default:
   * no limit.
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
   * How much memory a worker process may take at its peak, in bytes, but for what the app itself holds, and
   * one record or value at a time. Default 512 MiB, at least 160 MiB.
   */
  readonly memoryBytes?: number;
  /** Leave out and count records that are malformed, or that the app throws on. Default false. */
  readonly skipBadRecords?: boolean;
  /** Whether a straggler near the end of a phase gets a backup attempt. Default true. */
  readonly backups?: boolean;
  /**
   * Whether to go on with the same job, whose last coordinator was killed, cancelled, or failed. Tasks
   * that were completed are not run again. Default false.
   */
  readonly resume?: boolean;
  /**
   * Whether the types of a TypeScript app are checked before the job begins, by the TypeScript that is
   * installed where the app is, with the tsconfig.json that is nearest to it; where there is none of either
   * they never are. An app that was checked and has not changed is not checked again. Default true.
   */
  readonly check?: boolean;
  /** Whether to keep the map outputs `mr-X-Y`. Default false. */
  readonly keep?: boolean;
  /** Ends the job early. Its reason is the `cause` of the error. */
  readonly signal?: AbortSignal;
  /** Receives a line for everything a person would want to know. Default: nobody does. */
  readonly log?: (line: string) => void;
  /**
   * Receives what the app prints in the workers, in pieces as they come. Default: it goes to the standard
   * error of this process.
   */
  readonly onOutput?: (text: string) => void;
  /**
   * Receives everything that happens in the job, in order, the moment it has. What one of these three throws
   * ends the job: it is the `cause` of the error.
   */
  readonly onEvent?: (event: JobEvent) => void;
}

/** A job that is complete. */
export interface JobResult {
  /** Absolute paths of the output files, in the order of the reduce tasks. */
  readonly outputs: readonly string[];
  /** What the app has counted, by name; with `skipBadRecords`, `skipped-records` among them. */
  readonly counters: Readonly<Record<string, number>>;
  /** Records that were left out: the first 100 of each task, 1000 in all. All are counted. */
  readonly skipped: readonly SkippedRecord[];
  /** How long the job took, in milliseconds. */
  readonly elapsedMs: number;
}

/** A job that has been started. */
export interface RunningJob {
  /**
   * Everything that happens in the job, in order, from its start to `jobEnded`; for one reader. It ends
   * when `result` is there, and never fails: why a job did is what `result` says.
   *
   * The job does not wait for its reader. What was not read yet is kept, about three events an attempt:
   * of an attempt's progress just the last. Leaving the loop drops the rest.
   */
  readonly events: AsyncIterableIterator<JobEvent>;
  /** Resolves or rejects as `runJob` does. Nobody has to handle it if the events are enough. */
  readonly result: Promise<JobResult>;
  /**
   * Ends the job early: `result` rejects with a JobCancelledError. Harmless when it has ended.
   *
   * @param reason for people. Default `cancelled`.
   */
  cancel(reason?: string): void;
}

/**
 * Runs a job to its end with a coordinator in this process and workers in processes of their own.
 *
 * @throws UsageError when an option is not what it may be; MrError when the app cannot be loaded or has a
 *   type error (the message begins with its file, line and column), an input cannot be read, or the output
 *   directory cannot be written or has results in it; JobFailedError when a task cannot be done; JobCancelledError when
 *   the job is ended early
 */
export async function runJob(options: RunJobOptions): Promise<JobResult> {
  // Every app imports this library, and so every worker loads this file: the rest is not for them.
  const { executeJob } = await import("./local/job-run.ts");
  return await executeJob(options);
}

/**
 * Starts a job as {@link runJob} does, for those who want to see what happens in it.
 *
 * @returns at once; whatever is wrong with the options, `result` says
 */
export function startJob(options: RunJobOptions): RunningJob {
  const events = new EventStream();
  const abort = new AbortController();
  const result = startWith(options, events, abort);
  // The promise below is handled here: one who reads the events first must not be taken down by it.
  result.then(
    () => events.end(),
    () => events.end(),
  );
  return { events, result, cancel: (reason = "cancelled") => abort.abort(reason) };
}

/** Whatever is wrong with the options is for the promise to say. */
async function startWith(
  options: RunJobOptions,
  events: EventStream,
  abort: AbortController,
): Promise<JobResult> {
  const [{ executeJob }, { checkOptions }] = await Promise.all([
    import("./local/job-run.ts"),
    import("./check-options.ts"),
  ]);
  checkOptions(options);
  const { signal, onEvent } = options;
  const onAbort = () => abort.abort(signal?.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  if (signal?.aborted === true) onAbort();
  try {
    return await executeJob({
      ...options,
      signal: abort.signal,
      onEvent: (event) => {
        events.push(event);
        onEvent?.(event);
      },
    });
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}
