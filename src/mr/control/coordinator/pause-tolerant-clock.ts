/**
 * A monotonic clock that does not count pauses of the process. Otherwise a coordinator that was stopped for a
 * minute, or that a busy machine did not run, would find all leases ended, although the reports of the workers
 * wait in its sockets. Between two readings at most one step counts, so the clock must be read more often.
 *
 * @param nowMs a monotonic clock, in milliseconds
 * @param stepMs the most time that counts between two readings
 * @returns a function that reads the clock. Its origin is that of the clock beneath, plus the time paused
 */
export function pauseTolerantClock(nowMs: () => number, stepMs: number): () => number {
  let readMs = nowMs();
  let pausedMs = 0;
  return () => {
    const beforeMs = readMs;
    readMs = nowMs();
    pausedMs += Math.max(0, readMs - beforeMs - stepMs);
    return readMs - pausedMs;
  };
}
