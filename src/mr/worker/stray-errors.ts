import { setImmediate } from "node:timers/promises";
import { describeThrown, stackOf } from "../base/thrown.ts";
import { visibleLines } from "../base/visible-text.ts";

/**
 * What an app throws where nobody catches it, such as in a promise it does not wait for. It fails the
 * attempt that is running, as if `map` or `reduce` had thrown it, and the worker lives on.
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
  readonly #onNothingLeft = () => {
    this.#onError?.(new Error("it waits for a promise that nothing is left to settle"));
  };

  /** Starts to listen, until `close`. There is one of these in a process. */
  constructor() {
    process.on("uncaughtException", this.#listener);
    // Node would end the process without a word.
    process.on("beforeExit", this.#onNothingLeft);
  }

  close(): void {
    process.off("uncaughtException", this.#listener);
    process.off("beforeExit", this.#onNothingLeft);
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
      // Node tells of a rejected promise that nobody handles only after all that is ready has run.
      await Promise.race([setImmediate(), stray]);
      return result;
    } finally {
      this.#onError = undefined;
    }
  }
}
