/** What the commands and the library let their users say of attempts. */
interface AttemptOptions {
  readonly leaseMs?: number | undefined;
  readonly taskTimeoutMs?: number | undefined;
  /** How many attempts of a task may fail. */
  readonly attempts?: number | undefined;
  readonly backups?: boolean | undefined;
}

/** What a coordinator bears with before it gives up an attempt, or the job. */
export function attemptLimits({
  leaseMs = 10_000,
  taskTimeoutMs = Number.POSITIVE_INFINITY,
  attempts = 4,
  backups = true,
}: AttemptOptions) {
  const maxBackups = backups ? 1 : 0;
  return { leaseMs, taskTimeoutMs, maxFailures: attempts, maxLosses: 5 * attempts, maxBackups };
}
