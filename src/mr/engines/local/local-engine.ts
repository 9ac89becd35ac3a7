import { rmSync } from "node:fs";
import { join } from "node:path";
import { compileApp } from "../../app/load/compile-app.ts";
import { atExit } from "../../base/at-exit.ts";
import { removeEmptyDirectories } from "../../base/directories.ts";
import { JobCancelledError, JobFailedError, UsageError } from "../../base/errors.ts";
import { socketPathOf } from "../../base/socket-path.ts";
import type { Coordinator } from "../../control/coordinator/coordinator.ts";
import type { JobEvent } from "../../job/events.ts";
import type { JobSpec, NewJob, ResumedJob } from "../../job/job-spec.ts";
import { reduceOutputName } from "../../job/names.ts";
import type { JobEnd } from "../../job/task.ts";
import {
  removeLog,
  sweepJobDirectory,
  sweepMapOutputs,
  sweepTemporaryFiles,
} from "../../storage/registry.ts";
import { describeCancellation, describeJobFailure } from "../../watch/format/describe-failure.ts";
import { checkTypes, type Engine, type EngineResult, type JobContext } from "../engine.ts";
import { syncNames, takeDirectory } from "../take-directory.ts";
import { type JobSession, openJob, settingsToResume, startCoordinator } from "./job-session.ts";
import { RemainingWork } from "./remaining-work.ts";
import { WorkerPool, whyNotLoaded } from "./worker-pool.ts";

/** How long workers may take to end after the job has: one may be a straggler that lost its race. */
const WORKER_GRACE_MS = 500;
/** How long workers wait: at first for this process, which may be held up by a busy machine or a slow disk. */
const WORKER_TIMEOUTS = { startMs: 10_000, connectMs: 2000, reconnectMs: 2000 } as const;
/** About what one worker reads while another starts. */
const SMALL_INPUT_BYTES = 8 * 1024 * 1024;
/** A job with a small input that runs longer than this may compute much, and need all its workers. */
const FILL_AFTER_MS = 250;
/** Another worker does not help with less work than this: to start it takes some 200 ms of processor time. */
const HELPFUL_WORK_MS = 500;

/** Runs a job with a coordinator in this process and workers in processes of their own. */
export const localEngine: Engine = {
  async run(spec: NewJob | ResumedJob, context: JobContext): Promise<EngineResult> {
    const { job, made, socketPath, pool, session } = await prepare(spec, context);
    let coordinator: Coordinator | undefined;
    let outcome: JobEnd | undefined;
    const forgetExit = atExit(() => {
      if (coordinator !== undefined) rmSync(socketPath, { force: true });
      if (session.isInPlace) sweepTemporaryFiles(session.directory);
    });
    try {
      const inputBytes = session.spec.inputs.reduce((sum, { size }) => sum + size, 0);
      if (inputBytes > SMALL_INPUT_BYTES) pool.fill();
      const work = new RemainingWork();
      const onEvent = (event: JobEvent) => {
        work.onEvent(event);
        pool.onEvent(event);
        context.onEvent(event);
      };
      coordinator = await startCoordinator(session, { socketPath, onEvent });
      fillLater(pool, work);
      outcome = await endOf(coordinator, pool, context.signal);
      if (pool.cannotLoadApp) {
        const why = await whyNotLoaded({ ...job, reduces: session.spec.reduces });
        if (why !== undefined) throw why;
      }
    } finally {
      await pool.stop(outcome?.state === "completed" ? WORKER_GRACE_MS : 0);
      settle(session, coordinator, outcome);
      // One that has taken their place may be empty too.
      if (!session.hasBegun && session.isInPlace) removeEmptyDirectories(made);
      forgetExit();
    }
    return resultOf(session.spec, coordinator, outcome, context.signal);
  },
};

/** Starts the other workers of a job with a small input once it turns out that they can help. */
function fillLater(pool: WorkerPool, work: RemainingWork): void {
  setTimeout(() => {
    if (work.ms < HELPFUL_WORK_MS) fillLater(pool, work);
    else pool.fill();
  }, FILL_AFTER_MS).unref();
}

/** Compiles the app, takes the job directory, and starts the first workers. */
async function prepare(spec: NewJob | ResumedJob, context: JobContext) {
  const { signal, onOutput } = context;
  const { app, directory, reduces, memoryBytes } = spec;
  if (app === undefined) throw new UsageError("Cannot run a job without an app");
  // Once for all workers, and so that an app that does not compile is refused here.
  const compiled = await compileApp(app);
  await checkTypes(app, spec, context);
  signal.throwIfAborted();
  const locked = await takeDirectory(spec);
  const { made } = locked;
  let pool: WorkerPool | undefined;
  try {
    const socketPath = socketPathOf(directory);
    /** Variables that workers get besides those of this process. */
    const environment = spec.resume ? settingsToResume(directory, compiled.digest) : {};
    const job = { app, compiled, reduces, environment };
    const options = { ...job, socketPath, memoryBytes, ...WORKER_TIMEOUTS };
    // Workers start while this process loads the coordinator and opens the job.
    pool = new WorkerPool(spec.workers, options, onOutput);
    const session = await openJob(spec, locked);
    try {
      syncNames(spec, made);
    } catch (error) {
      session.close();
      throw error;
    }
    return { job, made, socketPath, pool, session };
  } catch (error) {
    await pool?.stop(0);
    locked.lock.unlock();
    removeEmptyDirectories(made);
    throw error;
  }
}

/** Waits for the end of the job, which a signal or a lack of workers may bring about. */
async function endOf(
  coordinator: Coordinator,
  pool: WorkerPool,
  signal: AbortSignal,
): Promise<JobEnd> {
  pool.onGivenUp((message) => coordinator.cancel({ type: "error", code: "WORKERS_LOST", message }));
  const abort = () => {
    const { reason } = signal;
    const message = reason instanceof JobCancelledError ? reason.reason : String(reason);
    coordinator.cancel({ type: "requested", message });
  };
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  const outcome = await coordinator.finished;
  signal.removeEventListener("abort", abort);
  return outcome;
}

/** Leaves the results of a complete job, or what resuming the job needs. */
function settle(
  session: JobSession,
  coordinator: Coordinator | undefined,
  outcome: JobEnd | undefined,
): void {
  const { directory } = session;
  const { keepMapOutputs } = session.spec;
  const isComplete = outcome?.state === "completed";
  // A new job that has completed nothing leaves nothing to resume.
  const completed = coordinator?.status.maps.completed ?? 0;
  const isUnbegun = session.resumed === undefined && completed === 0;
  // The files of a job that another coordinator leads must stay.
  if (coordinator?.isDeposed !== true && session.isInPlace) {
    // Its records and its limit stay the same, so it would fail again.
    const isHopeless = outcome?.state === "failed" && outcome.reason.type === "badRecords";
    if (isHopeless) sweepJobDirectory(directory);
    sweepTemporaryFiles(directory);
    if (isUnbegun || (isComplete && !keepMapOutputs)) sweepMapOutputs(directory);
    if (isUnbegun || isComplete) removeLog(directory);
  }
  session.close();
}

/** @throws JobFailedError or JobCancelledError when the job is not complete */
function resultOf(
  { directory, reduces }: JobSpec,
  { status, skipped }: Coordinator,
  outcome: JobEnd,
  { reason }: AbortSignal,
): EngineResult {
  if (outcome.state === "failed") throw new JobFailedError(describeJobFailure(outcome.reason));
  if (outcome.state === "cancelled") {
    const cause: unknown = reason instanceof JobCancelledError ? reason.cause : reason;
    const code = outcome.reason.type === "error" ? outcome.reason.code : "JOB_CANCELLED";
    throw new JobCancelledError(describeCancellation(outcome.reason), { cause }, code);
  }
  const outputs = Array.from({ length: reduces }, (_, reduce) => {
    return join(directory, reduceOutputName(reduce));
  });
  return { outputs, counters: status.counters, skipped };
}
