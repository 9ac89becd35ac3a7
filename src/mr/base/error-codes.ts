/**
 * The kinds of operating errors. The list is closed; docs/errors.md says when each occurs and what to do. Programs
 * and tests check codes, and messages are for people.
 */
export const ERROR_CODES = [
  "USAGE",
  "APP_NOT_FOUND",
  "APP_NOT_COMPILED",
  "APP_TYPE_ERROR",
  "APP_NOT_LOADED",
  "APP_INVALID",
  "APP_THREW",
  "INPUT_NOT_FOUND",
  "INPUT_UNREADABLE",
  "INPUT_CHANGED",
  "INPUT_MALFORMED",
  "INPUT_TOO_LARGE",
  "INPUT_UNSUPPORTED",
  "TOO_MANY_BAD_RECORDS",
  "OUTPUT_UNWRITABLE",
  "OUTPUT_UNREADABLE",
  "OUTPUT_MULTILINE",
  "OUTPUT_EXISTS",
  "DIRECTORY_UNUSABLE",
  "JOB_IN_USE",
  "RESUME_NOTHING",
  "RESUME_MISMATCH",
  "LOG_DAMAGED",
  "LOG_UNREADABLE",
  "LOG_UNWRITABLE",
  "LOG_TAKEN",
  "SHUFFLE_DAMAGED",
  "TASK_LOST",
  "TASK_TIMED_OUT",
  "ATTEMPT_STALE",
  "WORKERS_LOST",
  "JOB_CANCELLED",
  "JOB_NOT_FOUND",
  "SOCKET_UNUSABLE",
  "COORDINATOR_UNREACHABLE",
  "COORDINATOR_FAILED",
  "WORKER_REFUSED",
  "PROTOCOL_ERROR",
  "HISTORY_UNREADABLE",
  "DISPLAY_UNAVAILABLE",
  "RUNTIME_UNSUITABLE",
  "LISTENER_THREW",
] as const;

/** The kind of an error; docs/errors.md lists them with what to do. */
export type ErrorCode = (typeof ERROR_CODES)[number];

/** Errors of the command line, which typing it again can correct. */
const MISTYPED: readonly ErrorCode[] = [
  "USAGE",
  "APP_NOT_FOUND",
  "APP_INVALID",
  "INPUT_NOT_FOUND",
  "INPUT_UNSUPPORTED",
];

const FINAL: readonly ErrorCode[] = ["USAGE", "INPUT_CHANGED", "INPUT_UNSUPPORTED"];

/** Whether a failed attempt of a task with this code fails the job, because any other would fail in the same way. */
export function isFinal(code: ErrorCode): boolean {
  return FINAL.includes(code);
}

/**
 * What a job fails of as long as its inputs, its app and its options are the same, as they are when it is
 * resumed.
 */
const LASTING: readonly ErrorCode[] = [
  ...FINAL,
  "INPUT_MALFORMED",
  "INPUT_TOO_LARGE",
  "TOO_MANY_BAD_RECORDS",
];

/** Whether a job that has failed with this code would fail again if it were resumed. */
export function isLasting(code: ErrorCode): boolean {
  return LASTING.includes(code);
}

/** The exit code of a command that ends with an error: 2 for a wrong command line. */
export function exitCodeOf(code: ErrorCode): 1 | 2 {
  return MISTYPED.includes(code) ? 2 : 1;
}
