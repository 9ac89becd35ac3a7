import { describeCause } from "../base/errors.ts";
import type { RunJobOptions } from "./run-job.ts";

type Name = "log" | "onOutput" | "onEvent";

/** What a listener has thrown, and in words. */
export interface ListenerFailure {
  readonly reason: string;
  readonly error: unknown;
}

/**
 * The listeners of a job. They are called in the middle of other things, by sockets and timers: what one of them
 * throws is kept, to end its job, and must not end the process. It is called no more.
 */
export class GuardedListeners {
  readonly log: (line: string) => void;
  /** Undefined if nobody listens, which makes a difference. */
  readonly onOutput: ((text: string) => void) | undefined;
  readonly onEvent: NonNullable<RunJobOptions["onEvent"]>;
  /** The first thing that one of them has thrown. */
  failure: ListenerFailure | undefined;
  /** Called, soon after, when one has thrown for the first time. */
  onFailure: (failure: ListenerFailure) => void = () => undefined;

  constructor({ log, onOutput, onEvent }: Pick<RunJobOptions, Name>) {
    this.log = this.#guard("log", log);
    this.onOutput = onOutput === undefined ? undefined : this.#guard("onOutput", onOutput);
    this.onEvent = this.#guard("onEvent", onEvent);
  }

  #guard<T>(name: Name, listener: ((told: T) => void) | undefined): (told: T) => void {
    let isUsable = listener !== undefined;
    return (told) => {
      if (!isUsable) return;
      try {
        listener?.(told);
      } catch (error) {
        isUsable = false;
        this.#failed({ reason: `${name} has thrown: ${describeCause(error)}`, error });
      }
    };
  }

  #failed(failure: ListenerFailure): void {
    if (this.failure !== undefined) return;
    this.failure = failure;
    // Who has called the listener is not done with what it does.
    queueMicrotask(() => this.onFailure(failure));
  }
}
