/**
 * A clock that goes on only while its process can listen. A coordinator that is stopped for a minute, or that
 * a busy machine lets wait, finds the leases of all its workers over when it wakes, although what they had
 * to say lies in its sockets. So a time in which nobody has looked at this clock counts as one step at most.
 *
 * Somebody must look at it more often than that, or it is slow.
 */
export class ListeningClock {
  readonly #nowMs: () => number;
  readonly #stepMs: number;
  #lookedMs: number;
  #missedMs = 0;

  /**
   * @param nowMs a monotonic clock, in milliseconds
   * @param stepMs how far this clock goes on from one look to the next at most
   */
  constructor(nowMs: () => number, stepMs: number) {
    this.#nowMs = nowMs;
    this.#stepMs = stepMs;
    this.#lookedMs = nowMs();
  }

  /** Looks at the clock: milliseconds, from the same origin as the clock beneath until that has been missed. */
  look(): number {
    const nowMs = this.#nowMs();
    this.#missedMs += Math.max(0, nowMs - this.#lookedMs - this.#stepMs);
    this.#lookedMs = nowMs;
    return nowMs - this.#missedMs;
  }
}
