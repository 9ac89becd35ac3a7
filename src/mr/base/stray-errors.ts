import { setImmediate } from "node:timers/promises";
import { visibleLines } from "./text.ts";
import { describeThrown, stackOf } from "./thrown.ts";

/**
 * Catches uncaught exceptions of an app, such as those in promises that it does not await. They fail the attempt
 * that is running, or the sequential run, as if `map` or `reduce` had thrown them. An exception at any other time
 * ends the process.
 */
export class StrayErrors {
  /** The error of a task that waits for ever. */
  readonly unsettled = new Error("it waits for a promise that nothing is left to settle");
  #onError: ((error: unknown) => void) | undefined;
  readonly #who: string;
  readonly #listener = (error: unknown) => {
    if (this.#onError !== undefined) {
      this.#onError(error);
      return;
    }
    const text = stackOf(error) ?? describeThrown(error);
    process.stderr.write(visibleLines(`${this.#who}: ${text}\n`));
    process.exit(1);
  };
  readonly #onBeforeExit = () => {
    this.#onError?.(this.unsettled);
  };

  /**
   * Starts to listen, until `close`. There is one of these in a process.
   *
   * @param who the beginning of its line on standard error
   */
  constructor(who = `worker ${process.pid}`) {
    this.#who = who;
    process.on("uncaughtException", this.#listener);
    // Otherwise Node would end the process silently.
    process.on("beforeExit", this.#onBeforeExit);
  }

  close(): void {
    process.off("uncaughtException", this.#listener);
    process.off("beforeExit", this.#onBeforeExit);
  }

  /**
   * Waits for `task`, or for the first stray error while it runs.
   *
   * @throws what `task` throws, or the stray error
   */
  async during<T>(task: Promise<T>): Promise<T> {
    const stray = new Promise<never>((_, reject) => {
      this.#onError = reject;
    });
    try {
      const result = await Promise.race([task, stray]);
      // Node reports unhandled rejections only after all pending microtasks have run.
      await Promise.race([setImmediate(), stray]);
      return result;
    } finally {
      this.#onError = undefined;
    }
  }
}
