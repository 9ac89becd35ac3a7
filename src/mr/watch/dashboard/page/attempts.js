import { ATTEMPT_ENDS } from "./attempt-ends.js";
import { counted, formatBytes, formatCount, formatDuration } from "./quantities.js";

/** @import { Attempt, JobState } from "./job-state.js" */

/** The colour of a bar by how its attempt ended. @type {Readonly<Record<NonNullable<Attempt["end"]>, string>>} */
const COLORS = {
  completed: "completed",
  failed: "failed",
  blocked: "incident",
  leaseEnded: "failed",
  workerGone: "failed",
  superseded: "superseded",
  ended: "superseded",
};
const LOST = new Set(["failed", "blocked", "leaseEnded", "workerGone"]);

/**
 * Whether the attempt failed or was lost.
 *
 * @param {Attempt} attempt
 */
export function isLost({ end }) {
  return end !== null && LOST.has(end);
}

/**
 * The name of the attempt's colour.
 *
 * @param {Attempt} attempt
 */
export function fillOf({ end }) {
  return end === null ? "running" : COLORS[end];
}

/**
 * The text of an attempt's tooltip.
 *
 * @param {JobState} state
 * @param {Attempt} attempt
 */
export function describeAttempt(state, attempt) {
  const { phase, task, worker, end, startMs, endMs, isBackup, records, bytes } = attempt;
  const incident = state.incidents.find((one) => {
    return one.phase === phase && one.task === task && one.attempt === attempt.attempt;
  });
  const ending = end === null ? "in progress" : ATTEMPT_ENDS[end];
  const lines = [
    incident === undefined || incident.type === "attemptLost"
      ? ending
      : `${ending}: ${incident.message}`,
    `worker ${worker}${isBackup ? ", as a backup" : ""}`,
    `${formatDuration((endMs ?? state.nowMs) - startMs)}, from ${formatDuration(startMs)}`,
  ];
  if (records > 0) lines.push(`${counted(records, "record", formatCount)}, ${formatBytes(bytes)}`);
  const next = state.attemptsOf(phase, task).find((one) => one.attempt > attempt.attempt);
  if (next !== undefined && isLost(attempt)) lines.push(`tried again by worker ${next.worker}`);
  const title = `${phase} ${task}${attempt.attempt > 1 ? `, attempt ${attempt.attempt}` : ""}`;
  return { title, lines };
}
