/** Defaults and limits of a job: every number that a user may set has its place here. */

const MEBIBYTE = 1024 * 1024;

/** Number of reduce tasks. */
export const DEFAULT_REDUCES = 10;
export const MAX_REDUCES = 100_000;

/** Number of worker processes of one job on one machine; the default is one per processor. */
export const MAX_WORKERS = 1000;

/** How long an attempt may go without progress. */
export const DEFAULT_LEASE_MS = 10_000;
/** How many attempts of a task may fail before the job does. */
export const DEFAULT_ATTEMPTS = 4;
/** A worker that dies says little about its task, so losses are forgiven more often than failures. */
const LOSSES_PER_ATTEMPT = 5;

/** How much memory a worker process may take. */
export const DEFAULT_MEMORY_BYTES = 512 * MEBIBYTE;
/** How many sorted runs are merged at a time: open files, and buffers. */
export const DEFAULT_FAN_IN = 64;
/**
 * What the engine, its code and its garbage take besides what is shared out among tables and buffers. It takes
 * 65 MiB before it does anything in Node 20, 85 in Node 24, and 30 more when the sources are run as they are.
 */
export const ENGINE_BYTES = 144 * MEBIBYTE;
export const MIN_MEMORY_BYTES = ENGINE_BYTES + 16 * MEBIBYTE;

/** Beats per lease, at least: so many that a lost one, or a busy machine, costs no task. */
export const BEATS_PER_LEASE = 4;
/** Often enough for observers. */
const MAX_BEAT_MS = 1000;

/** How often a worker whose attempt has a lease this long reports progress, in milliseconds. */
export function beatMs(leaseMs: number): number {
  return Math.min(leaseMs / BEATS_PER_LEASE, MAX_BEAT_MS);
}

/** What users may say of attempts. */
interface AttemptOptions {
  readonly leaseMs?: number | undefined;
  readonly taskTimeoutMs?: number | undefined;
  /** How many attempts of a task may fail. */
  readonly attempts?: number | undefined;
  readonly backups?: boolean | undefined;
}

/** When an attempt is given up, and when the job is. */
export function attemptLimits({
  leaseMs = DEFAULT_LEASE_MS,
  taskTimeoutMs = Number.POSITIVE_INFINITY,
  attempts = DEFAULT_ATTEMPTS,
  backups = true,
}: AttemptOptions) {
  const maxBackups = backups ? 1 : 0;
  const maxLosses = LOSSES_PER_ATTEMPT * attempts;
  return { leaseMs, taskTimeoutMs, maxFailures: attempts, maxLosses, maxBackups };
}
