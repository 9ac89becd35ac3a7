/**
 * The clock of leases: a monotonic clock that does not count time in which no worker can get an answer.
 *
 * - Pauses of the process. Otherwise a coordinator that was stopped for a minute, or that a busy machine did not run,
 *   would find all leases ended, although the reports of the workers wait in its sockets.
 * - The time for which a decision waits for the log, if that is longer than one step. Otherwise a slow disk would end
 *   leases of workers that have not heard of their tasks yet, or wait for the answer to their reports. The first step
 *   has been counted when the wait turns out to be longer, so as much time after the wait does not count instead.
 *
 * Between two readings at most one step counts, so the clock must be read more often.
 *
 * @param nowMs a monotonic clock, in milliseconds
 * @param stepMs the most time that counts between two readings; the longest wait for the log that counts
 * @param waitingSinceMs when the oldest decision was made that waits for the log; undefined if none waits
 * @returns a function that reads the clock. Its origin is that of the clock beneath, plus the time not counted
 */
export function leaseClock(
  nowMs: () => number,
  stepMs: number,
  waitingSinceMs: () => number | undefined = () => undefined,
): () => number {
  let readMs = nowMs();
  let uncountedMs = 0;
  /** How much of a long wait was counted before it was known to be long. */
  let creditMs = 0;
  return () => {
    const beforeMs = readMs;
    readMs = nowMs();
    const passedMs = readMs - beforeMs;
    const waitedMs = readMs - (waitingSinceMs() ?? readMs) - stepMs;
    let skippedMs = Math.max(0, passedMs - stepMs, Math.min(waitedMs, passedMs));
    if (waitedMs > 0) {
      creditMs = stepMs;
    } else {
      const usedMs = Math.min(creditMs, passedMs - skippedMs);
      creditMs -= usedMs;
      skippedMs += usedMs;
    }
    uncountedMs += skippedMs;
    return readMs - uncountedMs;
  };
}
