/**
 * The kinds of operating errors. The list is closed and documented in docs/errors.md: programs and tests check
 * codes, and messages are for people.
 */
export const ERROR_CODES = [
  /** An option, a setting of an app, or a column asked for makes no sense. */
  "USAGE",
  /** There is no such app. */
  "APP_NOT_FOUND",
  /** The app does not compile. */
  "APP_NOT_COMPILED",
  /** The compiler found a type error in the app. */
  "APP_TYPE_ERROR",
  /** The app's module throws, never settles, or ends the process when it is loaded. */
  "APP_NOT_LOADED",
  /** The module exports no app, or an app with missing, misspelt or wrong members. */
  "APP_INVALID",
  /** `map`, `reduce`, a combiner or a partitioner threw, or returned a value outside its contract. */
  "APP_THREW",
  /** An input is missing, or a pattern or a directory has no files. */
  "INPUT_NOT_FOUND",
  /** An input cannot be read, or is no regular file. */
  "INPUT_UNREADABLE",
  /** An input is no longer what it was when the job began. */
  "INPUT_CHANGED",
  /** A record of an input is malformed. */
  "INPUT_MALFORMED",
  /** A record or a file is larger than what can be read. */
  "INPUT_TOO_LARGE",
  /** The format of an input is not supported by this version of Node. */
  "INPUT_UNSUPPORTED",
  /** An output or a temporary file cannot be written. */
  "OUTPUT_UNWRITABLE",
  /** An output or a temporary file cannot be read. */
  "OUTPUT_UNREADABLE",
  /** A file is in the way of an output: a result of an earlier job, an input, or a file of `tsmr init`. */
  "OUTPUT_EXISTS",
  /** The job directory, or the directory of sockets and compiled apps, cannot be used. */
  "DIRECTORY_UNUSABLE",
  /** Another coordinator has the job directory or the socket. */
  "JOB_IN_USE",
  /** There is no job to resume: none has begun, or it is complete. */
  "RESUME_NOTHING",
  /** The job to be resumed is another one: app, settings, inputs or options differ. */
  "RESUME_MISMATCH",
  /** The journal is damaged or of another version. */
  "LOG_DAMAGED",
  /** The journal cannot be read. */
  "LOG_UNREADABLE",
  /** The journal cannot be written. */
  "LOG_UNWRITABLE",
  /** Another coordinator has gone on with the job: this one no longer leads it. */
  "LOG_TAKEN",
  /** An output of a map task is missing, truncated or corrupted. */
  "SHUFFLE_DAMAGED",
  /** A task was lost too often: its workers died or stopped making progress. */
  "TASK_LOST",
  /** An attempt ran longer than the task timeout. */
  "TASK_TIMED_OUT",
  /** The attempt no longer counts: another one won, or its lease ended. */
  "ATTEMPT_STALE",
  /** Workers die too often, or cannot load the app. */
  "WORKERS_LOST",
  /** The job was ended early: by a signal, by `tsmr cancel`, or because it could not go on. */
  "JOB_CANCELLED",
  /** No job is running there. */
  "JOB_NOT_FOUND",
  /** The socket cannot be used: its path is too long, or taken by another file. */
  "SOCKET_UNUSABLE",
  /** The coordinator does not answer, or belongs to another user. */
  "COORDINATOR_UNREACHABLE",
  /** The coordinator refused this worker: other protocol, app or settings. */
  "WORKER_REFUSED",
  /** A message of the other side makes no sense. */
  "PROTOCOL_ERROR",
  /** There is no event log, or it cannot be read. */
  "HISTORY_UNREADABLE",
  /** The dashboard cannot listen, or a picture cannot be drawn. */
  "DISPLAY_UNAVAILABLE",
  /** This process has no WebAssembly, or too little address space for it. */
  "RUNTIME_UNSUITABLE",
  /** A listener of `runJob` threw on a job that is complete. */
  "LISTENER_THREW",
] as const;

/** The kind of an error; docs/errors.md lists them with what to do. */
export type ErrorCode = (typeof ERROR_CODES)[number];

/** The exit code of a command that ends with an error: 2 for wrong usage. */
export function exitCodeOf(code: ErrorCode): 1 | 2 {
  return code === "USAGE" ? 2 : 1;
}
