import { existsSync, readdirSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { compileApp } from "../../app/load/compile-app.ts";
import { findApp, isShippedApp } from "../../app/load/find-app.ts";
import { atExit } from "../../base/at-exit.ts";
import { describeCause, JobCancelledError, JobFailedError, MrError } from "../../base/errors.ts";
import { makeDirectory, removeEmptyDirectories } from "../../base/make-directory.ts";
import { socketPathOf } from "../../base/socket-path.ts";
import type { Coordinator } from "../../control/coordinator/coordinator.ts";
import { planJob } from "../../data/input/plan-job.ts";
import type { InputFile } from "../../job/job-spec.ts";
import { attemptLimits, DEFAULT_REDUCES } from "../../job/limits.ts";
import {
  isJobOutput,
  JOURNAL_NAME,
  MERGED_OUTPUT_NAME,
  reduceOutputName,
} from "../../job/names.ts";
import type { JobEnd } from "../../job/task.ts";
import {
  checkJobDirectory,
  sweepAttempt,
  sweepMapOutputs,
  sweepTemporaryFiles,
} from "../../storage/file/job-directory.ts";
import { resolveInputs } from "../../storage/file/resolve-inputs.ts";
import { storageFor } from "../../storage/registry.ts";
import { EventDescriber } from "../../watch/format/describe-event.ts";
import { describeJobFailure } from "../../watch/format/describe-failure.ts";
import { checkOptions } from "../check-options.ts";
import { GuardedListeners } from "../guarded-listeners.ts";
import type { JobResult, RunJobOptions } from "../run-job.ts";
import { type OpenJob, openJob, removeJournal } from "./open-job.ts";
import { canTellProcessTime, processTimeMs } from "./process-time.ts";
import { settingsToResume } from "./resumed-app.ts";
import { StandInHeartbeat } from "./stand-in-heartbeat.ts";
import { type LoadOptions, whyNotLoaded } from "./why-not-loaded.ts";
import { WorkerPool } from "./worker-pool.ts";

/** How long workers may take to end after the job has: one may be a straggler that lost its race. */
const WORKER_GRACE_MS = 500;
/** How long workers wait: at first for this process, which may be held up by a busy machine or a slow disk. */
const WORKER_PATIENCE = { startMs: 10_000, patienceMs: 2000, reconnectMs: 2000 } as const;
/** About what one worker reads while another starts. */
const SMALL_INPUT_BYTES = 8 * 1024 * 1024;
/** A job with a small input that is not over by then has more to do than to read. */
const FILL_AFTER_MS = 250;
/** Shorter jobs are not worth another process. */
const GUARD_AFTER_MS = 500;

/** What `runJob` does; see there. */
export async function executeJob(options: RunJobOptions): Promise<JobResult> {
  const startedMs = performance.now();
  checkOptions(options);
  const { resume = false, workers = availableParallelism() } = options;
  const { memoryBytes } = options;
  const listeners = new GuardedListeners(options);
  const { log } = listeners;
  const describer = new EventDescriber();
  const directory = resolve(options.out ?? "mr-out");
  const inputDirectory = process.cwd();
  const isAsBefore = resume && options.inputs.length === 0;
  const inputs = isAsBefore ? [] : await resolveInputs(options.inputs, inputDirectory);
  const app = findApp(options.app, inputDirectory);
  // Once for all workers, and so that what does not compile is refused here.
  const { digest } = await compileApp(app);
  if (options.check !== false) await checkTypes(app, options.signal);
  checkNotAborted(options.signal);
  const { made, socketPath } = takeOutput(directory, resume, inputDirectory, inputs);
  // The workers start up while this process loads what it needs to be their coordinator. They end with it.
  const environment = resume ? settingsToResume(directory, digest) : {};
  const reduces = options.reduces ?? (resume ? undefined : DEFAULT_REDUCES);
  const hasStandIn = canTellProcessTime();
  const workerOptions = { app, socketPath, reduces, memoryBytes, hasStandIn, ...WORKER_PATIENCE };
  const pool = new WorkerPool(workers, workerOptions, listeners.onOutput, environment);
  let job: OpenJob | undefined;
  let coordinator: Coordinator | undefined;
  let outcome: JobEnd | undefined;
  let standIn: StandInHeartbeat | undefined;
  // Whatever ends this process early: nothing it has started goes on.
  const forgetExit = atExit(() => {
    pool.kill();
    if (coordinator !== undefined) rmSync(socketPath, { force: true });
    if (job !== undefined) sweepTemporaryFiles(directory);
  });
  try {
    const settings = { reduces: options.reduces, skipBadRecords: options.skipBadRecords };
    job = await openJob({ directory, inputDirectory, inputs, ...settings, resume });
    const { Coordinator } = await import("../../control/coordinator/coordinator.ts");
    const limits = attemptLimits(options);
    const plan = planInputs(job.inputs, inputDirectory, options.splitBytes, workers);
    if (plan.inputBytes > SMALL_INPUT_BYTES) pool.fill();
    standIn = hasStandIn ? standInFor(pool, () => coordinator, limits.leaseMs) : undefined;
    coordinator = await Coordinator.start({
      plan,
      ...job.terms,
      ...limits,
      socketPath,
      onAbandoned: (attempt, tag) => void sweepAttempt(directory, attempt, tag),
      onEvent: job.recordTo((event) => {
        for (const { level, text } of describer.describe(event)) if (level !== "detail") log(text);
        pool.onEvent(event);
        standIn?.onEvent(event);
        listeners.onEvent(event);
      }),
    });
    standIn?.start();
    setTimeout(() => pool.fill(), FILL_AFTER_MS).unref();
    if (hasStandIn) setTimeout(() => pool.guard(), GUARD_AFTER_MS).unref();
    outcome = await awaitOutcome(coordinator, pool, listeners, options.signal);
    if (pool.cannotLoadApp) await explain({ app, reduces: job.terms.reduces, environment });
  } finally {
    standIn?.stop();
    await pool.stop(outcome?.state === "completed" ? WORKER_GRACE_MS : 0);
    // What is in a directory that another coordinator has is not this one's to clear away.
    if (job !== undefined) clearUp(job, coordinator, outcome, options.keep === true);
    if (job?.hasBegun !== true) removeEmptyDirectories(made);
    forgetExit();
  }
  // What is there of the output, and the journal, are for the one who resumes the job.
  const thrown = listeners.failure;
  if (outcome.state !== "completed")
    throw failure(outcome, thrown?.error ?? options.signal?.reason);
  if (thrown !== undefined) {
    throw new MrError("LISTENER_THREW", `The job is complete, but ${thrown.reason}`, {
      cause: thrown.error,
    });
  }
  return {
    outputs: Array.from({ length: job.terms.reduces }, (_, reduce) => {
      return join(directory, reduceOutputName(reduce));
    }),
    counters: coordinator.status.counters,
    skipped: coordinator.skipped,
    elapsedMs: performance.now() - startedMs,
  };
}

function planInputs(
  inputs: readonly InputFile[],
  directory: string,
  splitBytes: number | undefined,
  workers: number,
) {
  return planJob(storageFor(directory), inputs, directory, splitBytes, workers);
}

function standInFor(
  pool: WorkerPool,
  coordinator: () => Coordinator | undefined,
  leaseMs: number,
): StandInHeartbeat {
  return new StandInHeartbeat({
    leaseMs,
    nowMs: () => performance.now(),
    processTimeMs,
    isOurs: (pid) => pool.has(pid),
    isWaiting: (worker) => coordinator()?.isWaiting(worker) ?? false,
    report: async (attempt, progress) => (await coordinator()?.progress(attempt, progress)) ?? true,
    kill: (attempt, pid, lateMs) => {
      coordinator()?.tell({ type: "workerKilled", ...attempt, pid, lateMs });
      pool.killOne(pid);
    },
  });
}

async function checkTypes(app: string, signal: AbortSignal | undefined): Promise<void> {
  if (!/\.m?ts$/.test(app) || isShippedApp(app)) return;
  // Whoever runs anything else need not load it.
  const { checkAppTypes } = await import("../../app/load/check-app-types.ts");
  await checkAppTypes(app, signal);
}

/** @throws MrError that says why workers could not load the app, if that can be found out */
async function explain(options: LoadOptions): Promise<void> {
  const why = await whyNotLoaded(options);
  if (why !== undefined) throw why;
}

/** Leaves the results of a complete job, or what is needed to go on with one that is not. */
function clearUp(
  job: OpenJob,
  coordinator: Coordinator | undefined,
  outcome: JobEnd | undefined,
  keep: boolean,
): void {
  const { directory } = job.terms;
  const isComplete = outcome?.state === "completed";
  // A new job of which nothing is done is nothing to go on with.
  const completed = coordinator?.status.maps.completed ?? 0;
  const isUnbegun = job.resumed === undefined && completed === 0;
  sweepTemporaryFiles(directory);
  if (isUnbegun || (isComplete && !keep)) sweepMapOutputs(directory);
  if (isUnbegun || isComplete) removeJournal(directory);
  job.close();
}

async function awaitOutcome(
  coordinator: Coordinator,
  pool: WorkerPool,
  listeners: GuardedListeners,
  signal: AbortSignal | undefined,
): Promise<JobEnd> {
  pool.onGivenUp((reason) => coordinator.cancel(reason));
  listeners.onFailure = ({ reason }) => coordinator.cancel(reason);
  if (listeners.failure !== undefined) coordinator.cancel(listeners.failure.reason);
  const abort = () => coordinator.cancel(describeCause(signal?.reason));
  signal?.addEventListener("abort", abort, { once: true });
  if (signal?.aborted === true) abort();
  const outcome = await coordinator.finished;
  signal?.removeEventListener("abort", abort);
  return outcome;
}

/**
 * Sees to it that the job has its directory, or that nothing was made if it can't have it.
 *
 * @returns the directories that were made, and where the coordinator is to listen
 */
function takeOutput(
  directory: string,
  resume: boolean,
  inputDirectory: string,
  inputs: readonly InputFile[],
): { readonly made: readonly string[]; readonly socketPath: string } {
  const made = resume ? findOutput(directory) : prepareOutput(directory);
  try {
    checkJobDirectory(directory, inputDirectory, inputs);
    return { made, socketPath: socketPathOf(directory) };
  } catch (error) {
    removeEmptyDirectories(made);
    throw error;
  }
}

/** @returns the directories that it has made: none */
function findOutput(directory: string): string[] {
  if (existsSync(directory)) return [];
  throw new MrError(
    "RESUME_NOTHING",
    `There is no job to resume in directory "${directory}": it does not exist`,
  );
}

/** @returns the directories that it has made */
function prepareOutput(directory: string): string[] {
  let made: string[];
  let names: string[];
  try {
    made = makeDirectory(directory);
    names = readdirSync(directory);
  } catch (error) {
    throw new MrError(
      "DIRECTORY_UNUSABLE",
      `Cannot use output directory "${directory}": ${describeCause(error)}`,
    );
  }
  const result = names.find((name) => {
    return isJobOutput(name) || name === JOURNAL_NAME || name === MERGED_OUTPUT_NAME;
  });
  if (result !== undefined) {
    // One that is complete cannot be resumed.
    const canResume = names.includes(JOURNAL_NAME);
    const todo = canResume ? "remove them, or resume that job" : "or remove them";
    throw new MrError(
      "OUTPUT_EXISTS",
      `Output directory "${directory}" has files of an earlier job, such as "${result}": choose another, ${todo}`,
    );
  }
  return made;
}

function checkNotAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  throw new JobCancelledError(describeCause(signal.reason), { cause: signal.reason });
}

function failure(outcome: Exclude<JobEnd, { state: "completed" }>, cause: unknown): MrError {
  if (outcome.state === "cancelled") return new JobCancelledError(outcome.reason, { cause });
  return new JobFailedError(describeJobFailure(outcome.reason));
}
