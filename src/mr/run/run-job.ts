import { mkdirSync, readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { loadApp } from "../app/load-app.ts";
import type { Coordinator } from "../coordinator/coordinator.ts";
import { describeCause, JobFailedError, MrError } from "../errors.ts";
import { DEFAULT_SPLIT_BYTES } from "../input/plan-splits.ts";
import { checkJobDirectory, sweepMapOutputs, sweepTemporaryFiles } from "../job/job-directory.ts";
import { planJob } from "../job/plan-job.ts";
import { resolveInputs } from "../job/resolve-inputs.ts";
import { isJobOutput, reduceOutputName } from "../names.ts";
import { socketPathOf } from "../rpc/socket-path.ts";
import type { Outcome } from "../scheduler/types.ts";
import { WorkerPool } from "./worker-pool.ts";

/** How long workers may take to end after the job has. */
const WORKER_GRACE_MS = 2000;
const WORKER_PATIENCE_MS = 2000;

export interface RunJobOptions {
  /** The app: a path, or the name of a shipped app such as `wc`. */
  readonly app: string;
  /** Input files, directories or patterns, relative to the current directory. */
  readonly inputs: readonly string[];
  /** Directory for the output files; created if missing, refused if it has results in it. Default `mr-out`. */
  readonly out?: string;
  /** Number of worker processes. Default: one per processor. */
  readonly workers?: number;
  /** Number of reduce tasks and output files. Default 10. */
  readonly reduces?: number;
  /** How long an attempt may go without progress, in milliseconds. Default 10,000. */
  readonly leaseMs?: number;
  /** How many attempts of a task may fail before the job does. Default 4. */
  readonly attempts?: number;
  /** How large a part of an input file one map task takes, in bytes. Default 64 MiB. */
  readonly splitBytes?: number;
  /** How much memory a worker process may take at its peak, in bytes. Default 512 MiB. */
  readonly memoryBytes?: number;
  /** Leave out and count records that are malformed, or that the app throws on. Default false. */
  readonly skipBadRecords?: boolean;
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
  const { reduces = 10, attempts = 4, workers = availableParallelism() } = options;
  const directory = resolve(options.out ?? "mr-out");
  const inputs = (await resolveInputs(options.inputs, process.cwd())).map((path) => resolve(path));
  const app = await loadApp(options.app);
  prepareOutput(directory);
  checkJobDirectory(directory, inputs);
  const plan = planJob(inputs, directory, options.splitBytes ?? DEFAULT_SPLIT_BYTES);

  const socketPath = socketPathOf(directory);
  // The workers start up while this process loads what it needs to be their coordinator.
  const pool = new WorkerPool(workers, {
    app: app.path,
    socketPath,
    patienceMs: WORKER_PATIENCE_MS,
    memoryBytes: options.memoryBytes,
  });
  let coordinator: Coordinator | undefined;
  let outcome: Outcome | undefined;
  try {
    const { Coordinator } = await import("../coordinator/coordinator.ts");
    coordinator = await Coordinator.start({
      plan,
      skipBadRecords: options.skipBadRecords ?? false,
      directory,
      reduces,
      leaseMs: options.leaseMs ?? 10_000,
      maxFailures: attempts,
      maxLosses: 5 * attempts,
      socketPath,
      log: options.log ?? (() => undefined),
    });
    outcome = await awaitOutcome(coordinator, pool, options.signal);
  } finally {
    await pool.stop(outcome?.state === "completed" ? WORKER_GRACE_MS : 0);
  }
  sweepTemporaryFiles(directory);
  if (options.keep !== true) sweepMapOutputs(directory);
  if (outcome.state !== "completed") throw failure(outcome);
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
  const result = names.find(isJobOutput);
  if (result !== undefined) {
    throw new MrError(
      `Output directory "${directory}" has files of an earlier job, such as "${result}": choose another, or remove them`,
    );
  }
}

function failure(outcome: Exclude<Outcome, { state: "completed" }>): MrError {
  if (outcome.state === "cancelled")
    return new MrError(`The job is not complete: ${outcome.reason}`);
  const { message, stack } = outcome.failure;
  return new JobFailedError(message, stack);
}
