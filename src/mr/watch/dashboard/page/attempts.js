import { counted, formatBytes, formatCount, formatDuration } from "./format.js";

/** @import { Attempt, JobState } from "./job-state.js" */

/**
 * What an end is called, and its colour.
 *
 * @type {Readonly<Record<NonNullable<Attempt["end"]>, readonly [string, string]>>}
 */
const ENDS = {
  completed: ["completed", "completed"],
  failed: ["failed", "failed"],
  blocked: ["blocked: map output was missing", "trouble"],
  leaseEnded: ["lost: no progress within the lease", "failed"],
  workerGone: ["lost: its worker is gone", "failed"],
  superseded: ["another attempt was faster", "superseded"],
  ended: ["ended with the job", "superseded"],
};
const LOST = new Set(["failed", "blocked", "leaseEnded", "workerGone"]);

/**
 * Whether its task had to be given to another attempt.
 *
 * @param {Attempt} attempt
 */
export function isLost({ end }) {
  return end !== null && LOST.has(end);
}

/**
 * The name of the colour it has.
 *
 * @param {Attempt} attempt
 */
export function fillOf({ end }) {
  return end === null ? "running" : ENDS[end][1];
}

/**
 * What there is to say of an attempt.
 *
 * @param {JobState} state
 * @param {Attempt} attempt
 */
export function describeAttempt(state, attempt) {
  const { phase, task, worker, end, startMs, endMs, isBackup, records, bytes } = attempt;
  const trouble = state.troubles.find((one) => {
    return one.phase === phase && one.task === task && one.attempt === attempt.attempt;
  });
  const ending = end === null ? "in progress" : ENDS[end][0];
  const lines = [
    trouble === undefined || trouble.type === "attemptLost"
      ? ending
      : `${ending}: ${trouble.message}`,
    `worker ${worker}${isBackup ? ", as a backup" : ""}`,
    `${formatDuration((endMs ?? state.nowMs) - startMs)}, from ${formatDuration(startMs)}`,
  ];
  if (records > 0) lines.push(`${counted(records, "record", formatCount)}, ${formatBytes(bytes)}`);
  const next = state.attemptsOf(phase, task).find((one) => one.attempt > attempt.attempt);
  if (next !== undefined && isLost(attempt)) lines.push(`tried again by worker ${next.worker}`);
  const title = `${phase} ${task}${attempt.attempt > 1 ? `, attempt ${attempt.attempt}` : ""}`;
  return { title, lines };
}
