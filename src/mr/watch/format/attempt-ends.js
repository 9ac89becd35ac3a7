/**
 * How attempts end, in words: on the dashboard's page and in reports.
 *
 * @type {Readonly<Record<"completed" | "failed" | "blocked" | "superseded" | "ended" | "leaseEnded" | "workerGone", string>>}
 */
export const ATTEMPT_ENDS = {
  completed: "completed",
  failed: "failed",
  blocked: "blocked: a map output was missing or damaged",
  leaseEnded: "lost: no progress within the lease",
  workerGone: "lost: its worker is gone",
  superseded: "another attempt was first",
  ended: "ended with the job",
};
