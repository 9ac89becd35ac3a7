import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { checkReduces, loadApp } from "../../app/load/load-app.ts";
import { removeEmptyDirectories } from "../../base/directories.ts";
import { JobFailedError, MrError, UsageError } from "../../base/errors.ts";
import type { HeldDirectory } from "../../base/held-directory.ts";
import { stackOf } from "../../base/thrown.ts";
import type { CompletionFigures, UntimedEvent } from "../../job/events.ts";
import type { JobSpec, NewJob, ResumedJob } from "../../job/job-spec.ts";
import { MAX_SKIPPED_OF_JOB } from "../../job/limits.ts";
import { reduceOutputName } from "../../job/names.ts";
import type { Attempt, Failure, JobOutcome, Phase } from "../../job/task.ts";
import { checkFile } from "../../storage/check-file.ts";
import { storageIn } from "../../storage/registry.ts";
import { checkTypes, type Engine, type EngineResult, type JobContext } from "../engine.ts";
import { syncNames, takeDirectory } from "../take-directory.ts";
import { type AppRun, runApp } from "./run-app.ts";

/**
 * Runs a job in this process, one task after the other, with everything in memory. Each input is a map task.
 * Nothing is written before all tasks are done, so a job that fails leaves no output.
 */
export const sequentialEngine: Engine = {
  async run(spec: NewJob | ResumedJob, context: JobContext): Promise<EngineResult> {
    if (spec.app === undefined) throw new UsageError("Cannot run a job without an app");
    if (spec.resume) throw new UsageError("Cannot resume a job with the sequential engine");
    context.signal.throwIfAborted();
    const loaded = await loadApp(spec.app);
    checkReduces(loaded, spec.reduces);
    await checkTypes(spec.app, spec, context);
    context.signal.throwIfAborted();
    const { made, lock } = await takeDirectory(spec);
    const { directory } = lock;
    let isComplete = false;
    const events = new EventTeller(context);
    events.started(spec, loaded.name);
    try {
      const run = await runApp(loaded.app, spec, events);
      context.signal.throwIfAborted();
      lock.check();
      const outputs = await publish(directory, run);
      directory.check();
      syncNames(spec, made);
      isComplete = true;
      events.ended({ state: "completed" });
      const { counters, skipped } = run;
      return { outputs, counters, skipped: skipped.slice(0, MAX_SKIPPED_OF_JOB) };
    } catch (error) {
      if (!(error instanceof MrError)) throw error;
      const { reason } = context.signal;
      if (error === reason) {
        events.ended({ state: "cancelled", reason: reason.reason });
        throw error;
      }
      const failure = failureOf(error);
      events.failed(failure);
      throw new JobFailedError(failure);
    } finally {
      const { isInPlace } = directory;
      lock.unlock();
      if (!isComplete && isInPlace) removeEmptyDirectories(made);
    }
  },
};

async function publish(directory: HeldDirectory, run: AppRun): Promise<string[]> {
  const tag = `sequential-${process.pid}`;
  const storage = storageIn(directory);
  const output = storage.createOutput(directory.at(), tag, { durable: true });
  try {
    for (const [reduce, lines] of run.outputs.entries()) {
      const file = output.file(reduceOutputName(reduce));
      for (const line of lines) file.write(line);
      file.finish();
    }
    const files = await output.commit();
    for (const file of files) await checkFile(storage, directory.at(), file);
    return files.map(({ name }) => join(directory.path, name));
  } catch (error) {
    output.discard();
    // A commit that failed may have published some of the files: there were none before this job.
    for (const reduce of run.outputs.keys()) removeQuietly(directory, reduceOutputName(reduce));
    throw directory.explain(error);
  }
}

function removeQuietly(directory: HeldDirectory, name: string): void {
  try {
    directory.remove(name);
  } catch {
    // The first error is reported.
  }
}

function failureOf({ code, message, cause }: MrError): Failure {
  return { code, message, stack: code === "APP_THREW" ? stackOf(cause) : undefined };
}

/** Reports the events of the job. Between two tasks it yields to the event loop, so that the job can be cancelled. */
class EventTeller {
  readonly #context: JobContext;
  readonly #startedMs = performance.now();
  #attempt: Attempt | undefined;

  constructor(context: JobContext) {
    this.#context = context;
  }

  started({ directory, leaseMs, inputs, reduces }: JobSpec, app: string): void {
    const startedAt = Date.now();
    const session = { directory, startedAt, resumed: false, term: 1, leaseMs };
    this.#tell({ type: "jobStarted", ...session });
    const splits = inputs.map(({ url, size }) => ({ file: url, start: 0, end: size }));
    this.#tell({ type: "jobPlanned", app, splits, reduces });
    this.#tell({ type: "workerJoined", worker: 1, pid: process.pid });
  }

  async onStart(phase: Phase, task: number): Promise<void> {
    await setImmediate();
    this.#context.signal.throwIfAborted();
    if (phase === "reduce" && task === 0) this.#tell({ type: "phaseStarted", phase });
    this.#attempt = { phase, task, attempt: 1, worker: 1 };
    this.#tell({ type: "attemptStarted", ...this.#attempt, isBackup: false });
  }

  onEnd(figures: CompletionFigures): void {
    if (this.#attempt) this.#tell({ type: "attemptCompleted", ...this.#attempt, ...figures });
    this.#attempt = undefined;
  }

  failed(failure: Failure): void {
    if (this.#attempt !== undefined)
      this.#tell({ type: "attemptFailed", ...this.#attempt, failure });
    this.ended({ state: "failed", failure });
  }

  ended(outcome: JobOutcome): void {
    this.#tell({ type: "jobEnded", outcome });
  }

  #tell(event: UntimedEvent): void {
    this.#context.onEvent({ ...event, atMs: performance.now() - this.#startedMs });
  }
}
