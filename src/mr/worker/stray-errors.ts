import { setImmediate } from "node:timers/promises";
import { visibleLines } from "../base/text.ts";
import { describeThrown, stackOf } from "../base/thrown.ts";

/**
 * Catches uncaught exceptions of an app, such as those in promises that it does not await. They fail the attempt
 * that is running, as if `map` or `reduce` had thrown them, and the worker goes on.
 */
export class StrayErrors {
  #onError: ((error: unknown) => void) | undefined;
  readonly #listener = (error: unknown) => {
    if (this.#onError !== undefined) {
      this.#onError(error);
      return;
    }
    const text = stackOf(error) ?? describeThrown(error);
    process.stderr.write(visibleLines(`worker ${process.pid}: ${text}\n`));
    process.exit(1);
  };
  readonly #onBeforeExit = () => {
    this.#onError?.(new Error("it waits for a promise that nothing is left to settle"));
  };

  /** Starts to listen, until `close`. There is one of these in a process. */
  constructor() {
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
