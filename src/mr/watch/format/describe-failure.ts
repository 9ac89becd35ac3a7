import { plural } from "../../base/text.ts";
import type { BadRecords } from "../../job/bad-records.ts";
import type { DecidedEvent, JobEvent } from "../../job/events.ts";
import type { TaskInput } from "../../job/split.ts";
import type { CancelReason, Failure, JobFailure, Refusal, Timeout } from "../../job/task.ts";

const DIGEST_DIGITS = 12;

/** An event as people and programs that follow a job get it: with messages for its reasons. */
export function withMessages(event: DecidedEvent): JobEvent {
  switch (event.type) {
    case "workerRefused": {
      const { type, pid, refusal, atMs } = event;
      return { type, pid, reason: describeRefusal(refusal), atMs };
    }
    case "attemptFailed":
      return { ...event, failure: describeAttemptFailure(event.failure) };
    case "jobEnded": {
      const { outcome } = event;
      const { state } = outcome;
      if (state === "completed") return { ...event, outcome };
      if (state === "cancelled") {
        return { ...event, outcome: { state, reason: describeCancellation(outcome.reason) } };
      }
      return { ...event, outcome: { state, failure: describeJobFailure(outcome.reason) } };
    }
    default:
      return event;
  }
}

export function describeRefusal(refusal: Refusal): string {
  switch (refusal.type) {
    case "protocol":
      return `the coordinator speaks protocol ${refusal.job}, the worker ${refusal.worker}`;
    case "app": {
      const [ours, theirs] = [refusal.jobDigest, refusal.workerDigest].map((digest) => {
        return `(${digest.slice(0, DIGEST_DIGITS)}…)`;
      });
      return `the job runs app "${refusal.job}" ${ours}, the worker has "${refusal.worker}" ${theirs}`;
    }
    case "reduces": {
      const { app, job, worker } = refusal;
      return `rangePartition of app "${app}" needs ${worker} reduce tasks or more, the job has ${job}`;
    }
    case "setting": {
      const { app, name, job, worker } = refusal;
      const [ours, theirs] = [describeSetting(name, job), describeSetting(name, worker)];
      return `the job runs ${app} with ${ours}, the worker has ${theirs}`;
    }
  }
}

/** `NAME="value"`, or `no NAME` for an environment variable that is not set. */
export function describeSetting(name: string, value: string | null): string {
  return value === null ? `no ${name}` : `${name}=${JSON.stringify(value)}`;
}

/** Why a job was ended early. */
export function describeCancellation({ message = "cancelled by request" }: CancelReason): string {
  return message;
}

export function describeJobFailure(reason: JobFailure): Failure {
  switch (reason.type) {
    case "usage":
      return reason.failure;
    case "failedTooOften": {
      const { last, count } = reason;
      // A worker's message says what it was working on.
      const name = "timeoutMs" in last ? nameWithInput(reason) : nameOf(reason);
      const failure = describeAttemptFailure(last);
      return { ...failure, message: `${name} failed ${times(count)}: ${failure.message}` };
    }
    case "lostTooOften": {
      const how = `the last time, ${LOSSES[reason.last]}`;
      const message = `${nameWithInput(reason)} was lost ${times(reason.count)}: ${how}`;
      return { code: "TASK_LOST", message };
    }
    case "badRecords":
      return { code: "TOO_MANY_BAD_RECORDS", message: describeBadRecords(reason) };
  }
}

const LOSSES = {
  workerGone: "its worker died",
  leaseEnded:
    "its worker made no progress for the time of a lease. An app that waits that long calls context.progress() meanwhile; for a wait that blocks, such as execFileSync(), the job gets a longer --lease",
  outputLost: "its output was missing or damaged",
} as const;

function describeAttemptFailure(failure: Failure | Timeout): Failure {
  if (!("timeoutMs" in failure)) return failure;
  const { code, timeoutMs } = failure;
  return { code, message: `it ran longer than the task timeout of ${timeoutMs / 1000} s` };
}

function describeBadRecords({ max, records, keys, counters, first }: BadRecords): string {
  const counts = [
    ...(records.bad > 0 ? [`${records.bad} of ${plural(records.read, "record")}`] : []),
    ...(keys.bad > 0 ? [`${keys.bad} of ${plural(keys.read, "key")}`] : []),
  ];
  const names = Object.entries(counters).map(([name, count]) => `${name}: ${count}`);
  const allowed = max === 0 ? "none" : max;
  const what = `${counts.join(" and ")} can't be used (${names.join(", ")})`;
  const limit = `${what}, and --max-bad-records allows ${allowed}`;
  if (first === undefined) return limit;
  const where = first.file === undefined ? first.place : `${first.place} of "${first.file}"`;
  return `${limit}. The first is ${where}: ${first.reason}`;
}

type TaskReason = Exclude<JobFailure, { readonly type: "usage" | "badRecords" }>;

function nameOf({ phase, task }: TaskReason): string {
  return `${phase === "map" ? "Map" : "Reduce"} task ${task}`;
}

function nameWithInput(reason: TaskReason): string {
  const { input } = reason;
  return input === undefined ? nameOf(reason) : `${nameOf(reason)} (${describeInput(input)})`;
}

/** `"a.txt"`, `bytes 10 to 20 of "a.txt"`, or `"a.txt" and 3 other files`. */
function describeInput({ file, start, end, isWhole, others }: TaskInput): string {
  if (others > 0) return `"${file}" and ${others === 1 ? "another file" : `${others} other files`}`;
  return isWhole ? `"${file}"` : `bytes ${start} to ${end} of "${file}"`;
}

function times(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}
