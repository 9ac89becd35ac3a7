/**
 * The clock of leases: a monotonic clock that does not count time in which no worker can get an answer.
 *
 * - Pauses of the process. Otherwise a coordinator that was stopped for a minute, or that a busy machine did not run,
 *   would find all leases ended, although the reports of the workers wait in its sockets.
 * - The time for which a decision waits for the log, beyond one step. Otherwise a slow disk would end leases of
 *   workers that have not heard of their tasks yet, or wait for the answer to their reports.
 *
 * Between two readings at most one step counts, so the clock must be read more often.
 *
 * @param nowMs a monotonic clock, in milliseconds
 * @param stepMs the most time that counts between two readings, and of a wait for the log
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
  return () => {
    const beforeMs = readMs;
    readMs = nowMs();
    const pausedMs = readMs - beforeMs - stepMs;
    const waitedMs = readMs - (waitingSinceMs() ?? readMs) - stepMs;
    uncountedMs += Math.max(0, pausedMs, Math.min(waitedMs, readMs - beforeMs));
    return readMs - uncountedMs;
  };
}
