/**
 * A monotonic clock that does not count pauses of the process. Otherwise a coordinator that was stopped for a
 * minute, or that a busy machine did not run, would find all leases ended, although the reports of the workers
 * wait in its sockets. Between two readings at most one step counts, so the clock must be read more often.
 */
export class PauseTolerantClock {
  readonly #nowMs: () => number;
  readonly #stepMs: number;
  #readMs: number;
  #pausedMs = 0;

  /**
   * @param nowMs a monotonic clock, in milliseconds
   * @param stepMs the most time that counts between two readings
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
