import type { AttemptId, JobEnd, SkippedRecord } from "../../job/task.ts";
import type { JobStatus } from "../protocol/protocol.ts";
import { RpcServer } from "../protocol/server.ts";
import { JobControl } from "./job-control.ts";
import type { JobOptions } from "./job-options.ts";

/** After the end, how long a worker that is still busy or only just starting may take to hear of it. */
const FAREWELL_MS = 200;
/** How long one that is between two tasks may take to ask for the next, on a machine that is busy with others. */
const LAST_REQUEST_MS = 5000;

export interface CoordinatorOptions extends JobOptions {
  readonly socketPath: string;
  /** A worker is gone, and may have left temporary files of this attempt, which have this tag in their names. */
  readonly onAbandoned: (attempt: AttemptId, tag: string) => void;
}

/** Owns the state, the socket and the timer of a job. */
export class Coordinator {
  /** How the job ended. Workers have been told, and the socket is closed. */
  readonly finished: Promise<JobEnd>;

  readonly #job: JobControl;
  #server: RpcServer | undefined;
  #timer: NodeJS.Timeout | undefined;
  #resolveFinished: (outcome: JobEnd) => void = () => undefined;
  /** Called when a worker is gone, or has been told something. */
  #onStep: () => void = () => undefined;

  private constructor(options: CoordinatorOptions) {
    this.finished = new Promise((resolve) => {
      this.#resolveFinished = resolve;
    });
    this.#job = new JobControl(options, {
      nowMs: () => performance.now(),
      onStep: () => {
        this.#armTimer();
        this.#onStep();
      },
      onEnd: (outcome) => this.#finish(outcome),
      onAbandoned: options.onAbandoned,
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
        coordinator.#onStep();
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

  /** Ticks are needed only when something is due without any other event; often, nothing is. */
  #armTimer(): void {
    clearTimeout(this.#timer);
    const delayMs = this.#job.tickInMs;
    if (delayMs === undefined) return;
    this.#timer = setTimeout(() => this.#job.tick(), Math.ceil(delayMs));
  }

  /**
   * Workers hear of the end before the socket goes away: those that wait at once, one that has just done its
   * task when it asks for the next. One that is busy with what nobody wants any more is not waited for.
   */
  #finish(outcome: JobEnd): void {
    let isLate = false;
    const farewell = new Promise<void>((resolve) => {
      this.#onStep = () => {
        if (this.#job.workers === 0 || (isLate && !this.#job.hasWorkersToTell)) resolve();
      };
      setTimeout(() => {
        isLate = true;
        this.#onStep();
      }, FAREWELL_MS).unref();
      setTimeout(resolve, LAST_REQUEST_MS).unref();
      this.#onStep();
    });
    farewell.then(() => this.#server?.close()).finally(() => this.#resolveFinished(outcome));
  }
}
