import { mkdirSync, readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { loadApp } from "../app/load-app.ts";
import type { Coordinator } from "../coordinator/coordinator.ts";
import { describeCause, JobFailedError, MrError } from "../errors.ts";
import { checkJobDirectory, sweepMapOutputs, sweepTemporaryFiles } from "../job/job-directory.ts";
import { planWholeFiles } from "../job/plan-splits.ts";
import { resolveInputs } from "../job/resolve-inputs.ts";
import { isJobOutput, JOURNAL_NAME, reduceOutputName } from "../names.ts";
import { socketPathOf } from "../rpc/socket-path.ts";
import type { Outcome } from "../scheduler/types.ts";
import { openJob, removeJournal } from "./open-job.ts";
import { WorkerPool } from "./worker-pool.ts";

/** How long workers may take to end after the job has: one may be a straggler that lost its race. */
const WORKER_GRACE_MS = 500;
const WORKER_PATIENCE_MS = 2000;

export interface RunJobOptions {
  /** The app: a path, or the name of a shipped app such as `wc`. */
  readonly app: string;
  /** Input files, directories or patterns, relative to the current directory. */
  readonly inputs: readonly string[];
  /**
   * Directory for the output files; created if missing, refused if it has files of a job in it unless
   * that job is to be resumed. Default `mr-out`.
   */
  readonly out?: string;
  /** Number of worker processes. Default: one per processor. */
  readonly workers?: number;
  /** Number of reduce tasks and output files. Default 10, or that of the job that is resumed. */
  readonly reduces?: number;
  /** How long an attempt may go without progress, in milliseconds. Default 10,000. */
  readonly leaseMs?: number;
  /** How many attempts of a task may fail before the job does. Default 4. */
  readonly attempts?: number;
  /** Whether a straggler near the end of a phase gets a backup attempt. Default true. */
  readonly backups?: boolean;
  /**
   * Whether to go on with the same job, whose last coordinator was killed, cancelled, or failed. Tasks
   * that were completed are not run again. Default false.
   */
  readonly resume?: boolean;
  /** Whether to keep the map outputs `mr-X-Y`. Default false. */
  readonly keep?: boolean;
  /** Ends the job early. */
  readonly signal?: AbortSignal;
  /** Receives a line for everything a person would want to know. Default: nobody does. */
  readonly log?: (line: string) => void;
}

/** A job that is complete. */
export interface JobResult {
  /** Absolute paths of the output files, in the order of the reduce tasks. */
  readonly outputs: readonly string[];
  /** What the app has counted, by name. */
  readonly counters: Readonly<Record<string, number>>;
  readonly elapsedMs: number;
}

/**
 * Runs a job to its end with a coordinator in this process and workers in processes of their own.
 *
 * @throws MrError when the app cannot be loaded, an input cannot be read, the output directory cannot
 *   be written or has results in it, or the job fails or is ended early
 */
export async function runJob(options: RunJobOptions): Promise<JobResult> {
  const startedMs = performance.now();
  const { resume = false, attempts = 4, workers = availableParallelism() } = options;
  const directory = resolve(options.out ?? "mr-out");
  const inputs = (await resolveInputs(options.inputs, process.cwd())).map((path) => resolve(path));
  const app = await loadApp(options.app);
  if (!resume) prepareOutput(directory);
  checkJobDirectory(directory, inputs);
  const job = await openJob({ directory, inputs, reduces: options.reduces, resume });
  const { reduces, journal, resumed } = job;

  const socketPath = socketPathOf(directory);
  // The workers start up while this process loads what it needs to be their coordinator.
  const pool = new WorkerPool(workers, {
    app: app.path,
    socketPath,
    patienceMs: WORKER_PATIENCE_MS,
    // They end with the process that started them.
    reconnectMs: WORKER_PATIENCE_MS,
  });
  let coordinator: Coordinator | undefined;
  let outcome: Outcome | undefined;
  try {
    const { Coordinator } = await import("../coordinator/coordinator.ts");
    coordinator = await Coordinator.start({
      plan: () => planWholeFiles(inputs, directory),
      directory,
      reduces,
      leaseMs: options.leaseMs ?? 10_000,
      maxFailures: attempts,
      maxLosses: 5 * attempts,
      maxBackups: options.backups === false ? 0 : 1,
      journal,
      resumed,
      socketPath,
      log: options.log ?? (() => undefined),
    });
    outcome = await awaitOutcome(coordinator, pool, options.signal);
  } finally {
    await pool.stop(outcome?.state === "completed" ? WORKER_GRACE_MS : 0);
    sweepTemporaryFiles(directory);
    job.close();
  }
  // What is there of the output, and the journal, are for the one who resumes the job.
  if (outcome.state !== "completed") throw failure(outcome);
  if (options.keep !== true) sweepMapOutputs(directory);
  removeJournal(directory);
  return {
    outputs: Array.from({ length: reduces }, (_, reduce) => {
      return join(directory, reduceOutputName(reduce));
    }),
    counters: coordinator.status.counters,
    elapsedMs: performance.now() - startedMs,
  };
}

async function awaitOutcome(
  coordinator: Coordinator,
  pool: WorkerPool,
  signal: AbortSignal | undefined,
): Promise<Outcome> {
  pool.onExhausted(() => coordinator.cancel("too many workers died"));
  const abort = () => coordinator.cancel("interrupted");
  signal?.addEventListener("abort", abort, { once: true });
  if (signal?.aborted === true) abort();
  const outcome = await coordinator.finished;
  signal?.removeEventListener("abort", abort);
  return outcome;
}

function prepareOutput(directory: string): void {
  let names: string[];
  try {
    mkdirSync(directory, { recursive: true });
    names = readdirSync(directory);
  } catch (error) {
    throw new MrError(`Cannot use output directory "${directory}": ${describeCause(error)}`);
  }
  const result = names.find((name) => isJobOutput(name) || name === JOURNAL_NAME);
  if (result !== undefined) {
    throw new MrError(
      `Output directory "${directory}" has files of an earlier job, such as "${result}": choose another, remove them, or resume that job`,
    );
  }
}

function failure(outcome: Exclude<Outcome, { state: "completed" }>): MrError {
  if (outcome.state === "cancelled")
    return new MrError(`The job is not complete: ${outcome.reason}`);
  const { message, stack } = outcome.failure;
  return new JobFailedError(message, stack);
}
