import { rmSync } from "node:fs";
import { join } from "node:path";
import { compileApp } from "../../app/load/compile-app.ts";
import { isShippedApp } from "../../app/load/find-app.ts";
import { atExit } from "../../base/at-exit.ts";
import {
  type ErrorCode,
  JobCancelledError,
  JobFailedError,
  UsageError,
} from "../../base/errors.ts";
import { removeEmptyDirectories } from "../../base/make-directory.ts";
import { socketPathOf } from "../../base/socket-path.ts";
import type { Coordinator } from "../../control/coordinator/coordinator.ts";
import type { JobSpec } from "../../job/job-spec.ts";
import { reduceOutputName } from "../../job/names.ts";
import type { JobEnd } from "../../job/task.ts";
import {
  prepareJobDirectory,
  sweepMapOutputs,
  sweepTemporaryFiles,
} from "../../storage/file/job-directory.ts";
import { describeJobFailure } from "../../watch/format/describe-failure.ts";
import type { Engine, EngineResult, JobContext } from "../engine.ts";
import { whyNotLoaded } from "./explain-load-failure.ts";
import {
  type JobSession,
  openJob,
  removeJournal,
  settingsToResume,
  startCoordinator,
} from "./job-session.ts";
import { WorkerPool } from "./worker-pool.ts";

/** How long workers may take to end after the job has: one may be a straggler that lost its race. */
const WORKER_GRACE_MS = 500;
/** How long workers wait: at first for this process, which may be held up by a busy machine or a slow disk. */
const WORKER_TIMEOUTS = { startMs: 10_000, connectMs: 2000, reconnectMs: 2000 } as const;
/** About what one worker reads while another starts. */
const SMALL_INPUT_BYTES = 8 * 1024 * 1024;
/** A job with a small input that lasts longer has more to do than to read. */
const FILL_AFTER_MS = 250;

/** Runs a job with a coordinator in this process and workers in processes of their own. */
export const localEngine: Engine = {
  async run(spec: JobSpec, context: JobContext): Promise<EngineResult> {
    const job = await LocalJob.prepare(spec, context);
    try {
      await job.await(await job.start());
    } finally {
      await job.settle();
    }
    return job.result();
  },
};

/** The preparations of a job that starts. */
interface Preparation {
  readonly spec: JobSpec;
  readonly app: string;
  /** Directories that were made for the job, the outermost first. */
  readonly made: readonly string[];
  readonly socketPath: string;
  /** Variables that workers get besides those of this process. */
  readonly environment: Readonly<Record<string, string>>;
}

/** A job between the start of its first worker and the end of its last one. */
class LocalJob {
  readonly #preparation: Preparation;
  readonly #context: JobContext;
  readonly #pool: WorkerPool;
  readonly #session: JobSession;
  readonly #forgetExit: () => void;
  #coordinator: Coordinator | undefined;
  #outcome: JobEnd | undefined;
  /** Why the job is cancelled, if that is not what the user asked for. */
  #endCode: ErrorCode | undefined;

  private constructor(
    preparation: Preparation,
    context: JobContext,
    pool: WorkerPool,
    session: JobSession,
  ) {
    this.#preparation = preparation;
    this.#context = context;
    this.#pool = pool;
    this.#session = session;
    this.#forgetExit = atExit(() => {
      if (this.#coordinator !== undefined) rmSync(preparation.socketPath, { force: true });
      sweepTemporaryFiles(preparation.spec.directory);
    });
  }

  /** Compiles the app, takes the job directory, and starts the first workers. */
  static async prepare(spec: JobSpec, context: JobContext): Promise<LocalJob> {
    const { app, directory } = spec;
    if (app === undefined) throw new UsageError("Cannot run a job without an app");
    // Once for all workers, and so that an app that does not compile is refused here.
    const { digest } = await compileApp(app);
    if (spec.checkTypes) await checkTypes(app, context.signal);
    context.signal.throwIfAborted();
    const made = prepareJobDirectory(spec);
    try {
      const socketPath = socketPathOf(directory);
      const environment = spec.resume ? settingsToResume(directory, digest) : {};
      return await LocalJob.#open({ spec, app, made, socketPath, environment }, context);
    } catch (error) {
      removeEmptyDirectories(made);
      throw error;
    }
  }

  /** Workers start while this process loads the coordinator and opens the job. */
  static async #open(preparation: Preparation, context: JobContext): Promise<LocalJob> {
    const { spec, app, socketPath, environment } = preparation;
    const { reduces, memoryBytes } = spec;
    const options = { app, socketPath, reduces, memoryBytes, environment, ...WORKER_TIMEOUTS };
    const pool = new WorkerPool(spec.workers, options, context.onOutput);
    try {
      return new LocalJob(preparation, context, pool, await openJob(spec));
    } catch (error) {
      await pool.stop(0);
      throw error;
    }
  }

  async start(): Promise<Coordinator> {
    const { spec, socketPath } = this.#preparation;
    const { onEvent } = this.#context;
    const pool = this.#pool;
    const inputBytes = this.#session.inputs.reduce((sum, { size }) => sum + size, 0);
    if (inputBytes > SMALL_INPUT_BYTES) pool.fill();
    const coordinator = await startCoordinator(spec, this.#session, {
      socketPath,
      onEvent: (event) => {
        if (event.type === "journalFailed") this.#endCode = "LOG_UNWRITABLE";
        pool.onEvent(event);
        onEvent(event);
      },
    });
    this.#coordinator = coordinator;
    setTimeout(() => pool.fill(), FILL_AFTER_MS).unref();
    return coordinator;
  }

  /** Waits for the end of the job, which a signal or a lack of workers may bring about. */
  async await(coordinator: Coordinator): Promise<void> {
    const { signal } = this.#context;
    this.#pool.onGivenUp((reason) => {
      this.#endCode = "WORKERS_LOST";
      coordinator.cancel(reason);
    });
    const abort = () => coordinator.cancel(reasonOf(signal));
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    this.#outcome = await coordinator.finished;
    signal.removeEventListener("abort", abort);
    if (!this.#pool.cannotLoadApp) return;
    const { app, environment } = this.#preparation;
    const { reduces } = this.#session.terms;
    const why = await whyNotLoaded({ app, reduces, environment });
    if (why !== undefined) throw why;
  }

  /** Ends the workers, and leaves the results of a complete job, or what resuming the job needs. */
  async settle(): Promise<void> {
    const { spec, made } = this.#preparation;
    const { directory } = spec;
    const session = this.#session;
    const isComplete = this.#outcome?.state === "completed";
    await this.#pool.stop(isComplete ? WORKER_GRACE_MS : 0);
    // A new job that has completed nothing leaves nothing to resume.
    const completed = this.#coordinator?.status.maps.completed ?? 0;
    const isUnbegun = session.resumed === undefined && completed === 0;
    // The files of a job that another coordinator leads must stay.
    if (this.#coordinator?.isDeposed !== true) {
      sweepTemporaryFiles(directory);
      if (isUnbegun || (isComplete && !spec.keepMapOutputs)) sweepMapOutputs(directory);
      if (isUnbegun || isComplete) removeJournal(directory);
    }
    session.close();
    if (!session.hasBegun) removeEmptyDirectories(made);
    this.#forgetExit();
  }

  /** @throws JobFailedError or JobCancelledError when the job is not complete */
  result(): EngineResult {
    const coordinator = this.#coordinator;
    const outcome = this.#outcome;
    if (coordinator === undefined || outcome === undefined) throw new Error("The job has not run");
    if (outcome.state === "failed") throw new JobFailedError(describeJobFailure(outcome.reason));
    if (outcome.state === "cancelled") {
      const { reason } = this.#context.signal;
      const cause: unknown = reason instanceof JobCancelledError ? reason.cause : reason;
      throw new JobCancelledError(outcome.reason, { cause }, this.#endCode);
    }
    const { directory } = this.#preparation.spec;
    return {
      outputs: Array.from({ length: this.#session.terms.reduces }, (_, reduce) => {
        return join(directory, reduceOutputName(reduce));
      }),
      counters: coordinator.status.counters,
      skipped: coordinator.skipped,
    };
  }
}

async function checkTypes(app: string, signal: AbortSignal): Promise<void> {
  if (!/\.m?ts$/.test(app) || isShippedApp(app)) return;
  // Loaded only for an app whose types can be checked.
  const { checkAppTypes } = await import("../../app/load/check-app-types.ts");
  await checkAppTypes(app, signal);
}

function reasonOf({ reason }: AbortSignal): string {
  return reason instanceof JobCancelledError ? reason.reason : String(reason);
}
