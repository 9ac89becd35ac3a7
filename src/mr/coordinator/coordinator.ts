import { sweepAttempt } from "../job/job-directory.ts";
import type { JobStatus } from "../rpc/protocol.ts";
import { RpcServer } from "../rpc/server.ts";
import type { AttemptId, Outcome, Progress, SkippedRecord } from "../scheduler/types.ts";
import { JobControl, type JobOptions } from "./job-control.ts";

/** After the end, how long a worker that is still busy or only just starting may take to hear of it. */
const FAREWELL_MS = 200;

export interface CoordinatorOptions extends JobOptions {
  readonly socketPath: string;
}

/** Owns the state, the socket and the timer of a job. */
export class Coordinator {
  /** How the job ended. Workers have been told, and the socket is closed. */
  readonly finished: Promise<Outcome>;

  readonly #job: JobControl;
  #server: RpcServer | undefined;
  #timer: NodeJS.Timeout | undefined;
  #resolveFinished: (outcome: Outcome) => void = () => undefined;
  #onWorkerRemoved: () => void = () => undefined;

  private constructor(options: CoordinatorOptions) {
    this.finished = new Promise((resolve) => {
      this.#resolveFinished = resolve;
    });
    this.#job = new JobControl(options, {
      nowMs: () => performance.now(),
      onStep: () => this.#armTimer(),
      onEnd: (outcome) => this.#finish(outcome),
      onAbandoned: (attempt, tag) => void sweepAttempt(options.directory, attempt, tag),
    });
  }

  /**
   * Starts to listen for workers.
   *
   * @throws MrError when the socket cannot be used, or another coordinator has it
   */
  static async start(options: CoordinatorOptions): Promise<Coordinator> {
    const coordinator = new Coordinator(options);
    coordinator.#server = await RpcServer.listen({
      socketPath: options.socketPath,
      handlers: coordinator.#job.handlers,
      onWorkerGone: (worker) => {
        coordinator.#job.leave(worker);
        coordinator.#onWorkerRemoved();
      },
    });
    coordinator.#job.start();
    return coordinator;
  }

  /** What a person would want to know of the job now. */
  get status(): JobStatus {
    return this.#job.status;
  }

  /** The first records that completed tasks have left out, maps first: at most 1000. */
  get skipped(): SkippedRecord[] {
    return this.#job.skipped;
  }

  /** Ends the job without a result. Harmless when it has ended. */
  cancel(reason: string): void {
    this.#job.cancel(reason);
  }

  /** See {@link JobControl.progress}. */
  progress(attempt: AttemptId & { readonly worker: number }, progress: Progress): Promise<boolean> {
    return this.#job.progress(attempt, progress);
  }

  /** Whether a worker waits for a task. */
  isWaiting(worker: number): boolean {
    return this.#job.isWaiting(worker);
  }

  /** Ticks are needed only when something is due without any other event; often, nothing is. */
  #armTimer(): void {
    clearTimeout(this.#timer);
    const delayMs = this.#job.tickInMs;
    if (delayMs === undefined) return;
    this.#timer = setTimeout(() => this.#job.tick(), Math.ceil(delayMs));
  }

  /** Every worker that is connected hears of the end before the socket goes away. */
  #finish(outcome: Outcome): void {
    const farewell = new Promise<void>((resolve) => {
      this.#onWorkerRemoved = () => {
        if (this.#job.workers === 0) resolve();
      };
      setTimeout(resolve, FAREWELL_MS).unref();
      this.#onWorkerRemoved();
    });
    farewell.then(() => this.#server?.close()).finally(() => this.#resolveFinished(outcome));
  }
}
