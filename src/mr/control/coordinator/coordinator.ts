import type { MrError } from "../../base/errors.ts";
import { beatMs } from "../../job/limits.ts";
import type { CancelReason, JobEnd, SkippedRecord } from "../../job/task.ts";
import type { JobStatus } from "../protocol/protocol.ts";
import type { Listen, Listener } from "../protocol/transport.ts";
import type { JobOptions } from "./decision.ts";
import { JobControl, type JobShell } from "./job-control.ts";

/** How long the end waits for busy and starting workers to be told. */
const FAREWELL_MS = 200;
/** How long the end of an incomplete job waits for busy workers to report their progress, in beats. */
const FAREWELL_BEATS = 3;
/** How long it waits for a worker between two tasks, which may be slow to ask for the next on a busy machine. */
const LAST_REQUEST_MS = 5000;

export interface CoordinatorOptions extends JobOptions, Required<Pick<JobShell, "onAbandoned">> {
  /** Makes the coordinator reachable for workers. */
  readonly listen: Listen;
  /** Another coordinator leads the job and owns its directory. Called before {@link Coordinator.finished} rejects. */
  readonly onDeposed?: () => void;
}

/** Coordinates a job: a thin shell around its state, with the listener and the timer. */
export class Coordinator {
  /**
   * How the job ended, once workers have been told and the listener is closed. Rejects with an MrError `LOG_TAKEN`
   * when another coordinator leads the job: the directory belongs to that one.
   */
  readonly finished: Promise<JobEnd>;

  readonly #job: JobControl;
  readonly #leaseMs: number;
  #listener: Listener | undefined;
  #timer: NodeJS.Timeout | undefined;
  #resolveFinished: (outcome: JobEnd) => void = () => undefined;
  isDeposed = false;
  /** Called when a worker has left or has been answered. */
  #onStep: () => void = () => undefined;

  private constructor(options: CoordinatorOptions) {
    let rejectFinished: (error: MrError) => void = () => undefined;
    this.finished = new Promise((resolve, reject) => {
      this.#resolveFinished = resolve;
      rejectFinished = reject;
    });
    // Not awaited yet when it is rejected early; awaiting it later still throws.
    this.finished.catch(() => undefined);
    this.#leaseMs = options.leaseMs;
    this.#job = new JobControl(options, {
      nowMs: () => performance.now(),
      onStep: () => {
        this.#armTimer();
        this.#onStep();
      },
      onEnd: (outcome) => this.#finish(outcome),
      onDeposed: (error) => {
        this.isDeposed = true;
        options.onDeposed?.();
        clearTimeout(this.#timer);
        (this.#listener?.close() ?? Promise.resolve()).finally(() => rejectFinished(error));
      },
      onAbandoned: options.onAbandoned,
    });
  }

  /**
   * Starts to listen for workers.
   *
   * @throws MrError when the address cannot be used, or another coordinator has it
   */
  static async start(options: CoordinatorOptions): Promise<Coordinator> {
    const coordinator = new Coordinator(options);
    coordinator.#listener = await options.listen({
      handlers: coordinator.#job.handlers,
      onWorkerGone: (worker) => {
        coordinator.#job.leave(worker);
        coordinator.#onStep();
      },
    });
    coordinator.#job.start();
    return coordinator;
  }

  get status(): JobStatus {
    return this.#job.status;
  }

  /** The first records that completed tasks have skipped, maps first: at most 1000. */
  get skipped(): SkippedRecord[] {
    return this.#job.skipped;
  }

  /** Ends the job without a result. Has no effect on a job that has ended. */
  cancel(reason: CancelReason): void {
    this.#job.cancel(reason);
  }

  /** Ticks are needed only when something is due without any other event. */
  #armTimer(): void {
    clearTimeout(this.#timer);
    if (this.isDeposed) return;
    const delayMs = this.#job.tickInMs;
    if (delayMs === undefined) return;
    this.#timer = setTimeout(() => this.#job.tick(), Math.ceil(delayMs));
  }

  /**
   * Tells workers of the end before the listener closes: waiting workers at once, a worker that has just completed
   * a task when it asks for the next one, and a busy one when it reports its progress. A complete job does not wait
   * for workers that are busy with superseded attempts.
   */
  #finish(outcome: JobEnd): void {
    let isLate = false;
    let waitsForBusy = outcome.state !== "completed";
    const farewell = new Promise<void>((resolve) => {
      this.#onStep = () => {
        if (this.#job.workers === 0 || (isLate && !this.#job.hasWorkersToTell(waitsForBusy))) {
          resolve();
        }
      };
      setTimeout(() => {
        isLate = true;
        this.#onStep();
      }, FAREWELL_MS).unref();
      setTimeout(() => {
        waitsForBusy = false;
        this.#onStep();
      }, FAREWELL_BEATS * beatMs(this.#leaseMs)).unref();
      setTimeout(resolve, LAST_REQUEST_MS).unref();
      this.#onStep();
    });
    farewell.then(() => this.#listener?.close()).finally(() => this.#resolveFinished(outcome));
  }
}
