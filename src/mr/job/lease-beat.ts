/** Beats per lease, at least: enough that a lost one, or a busy machine, costs nobody a task. */
export const BEATS_PER_LEASE = 4;
/** Often enough for somebody who watches. */
const MAX_BEAT_MS = 1000;

/** How often a sign of life is due from a worker whose attempt has a lease this long, in milliseconds. */
export function beatMs(leaseMs: number): number {
  return Math.min(leaseMs / BEATS_PER_LEASE, MAX_BEAT_MS);
}
