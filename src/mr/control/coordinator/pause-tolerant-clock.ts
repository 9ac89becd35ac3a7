/**
 * A monotonic clock that does not count the time in which the process was paused. A coordinator that was stopped
 * for a minute, or that a busy machine did not run, would otherwise find all leases ended when it goes on,
 * although the reports of the workers wait in its sockets. Between two readings, at most one step counts, so it
 * must be read more often than that.
 */
export class PauseTolerantClock {
  readonly #nowMs: () => number;
  readonly #stepMs: number;
  #readMs: number;
  #pausedMs = 0;

  /**
   * @param nowMs a monotonic clock, in milliseconds
   * @param stepMs how much time counts between two readings at most
   */
  constructor(nowMs: () => number, stepMs: number) {
    this.#nowMs = nowMs;
    this.#stepMs = stepMs;
    this.#readMs = nowMs();
  }

  /** Reads the clock, in milliseconds. Its origin is that of the clock beneath, plus the time paused. */
  now(): number {
    const nowMs = this.#nowMs();
    this.#pausedMs += Math.max(0, nowMs - this.#readMs - this.#stepMs);
    this.#readMs = nowMs;
    return nowMs - this.#pausedMs;
  }
}
