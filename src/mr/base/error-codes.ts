/**
 * What kinds of operating errors there are. The list is closed and documented in docs/errors.md: programs
 * and tests check codes, and messages are for people.
 */
export const ERROR_CODES = [
  /** The command line, an option, a setting of an app, or a column asked for makes no sense. */
  "USAGE",
  /** There is no such app. */
  "APP_NOT_FOUND",
  /** The app does not compile. */
  "APP_NOT_COMPILED",
  /** The compiler found a type error in the app. */
  "APP_TYPE_ERROR",
  /** The app's module throws, never settles, or ends the process when it is loaded. */
  "APP_NOT_LOADED",
  /** The module exports no app. */
  "APP_INVALID",
  /** `map`, `reduce` or a combiner threw, or returned what is not in the contract. */
  "APP_THREW",
  /** An input is missing, or a pattern matches nothing. */
  "INPUT_NOT_FOUND",
  /** An input cannot be read. */
  "INPUT_UNREADABLE",
  /** An input is not what it was when the job began. */
  "INPUT_CHANGED",
  /** A record of an input is malformed. */
  "INPUT_MALFORMED",
  /** A record or a file is larger than what can be read. */
  "INPUT_TOO_LARGE",
  /** The format of an input is not supported here. */
  "INPUT_UNSUPPORTED",
  /** An output, or a temporary file, cannot be written. */
  "OUTPUT_UNWRITABLE",
  /** An output that should be there cannot be read. */
  "OUTPUT_UNREADABLE",
  /** The output directory has files of an earlier job. */
  "OUTPUT_EXISTS",
  /** A directory cannot be used. */
  "DIRECTORY_UNUSABLE",
  /** Another coordinator has the job directory or the socket. */
  "JOB_IN_USE",
  /** There is no job to resume. */
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
  /** Workers cannot be kept running. */
  "WORKERS_LOST",
  /** The job was ended early. */
  "JOB_CANCELLED",
  /** No job is running there. */
  "JOB_NOT_FOUND",
  /** The socket cannot be used. */
  "SOCKET_UNUSABLE",
  /** The coordinator cannot be reached. */
  "COORDINATOR_UNREACHABLE",
  /** The coordinator refused this worker: other protocol, app or settings. */
  "WORKER_REFUSED",
  /** The other side's message makes no sense. */
  "PROTOCOL_ERROR",
  /** There is no event log, or it cannot be read. */
  "HISTORY_UNREADABLE",
  /** The dashboard or a picture cannot be made. */
  "DISPLAY_UNAVAILABLE",
  /** This process has no WebAssembly, or too little address space for it. */
  "RUNTIME_UNSUITABLE",
  /** A listener of `runJob` threw. */
  "LISTENER_THREW",
] as const;

/** See {@link ERROR_CODES} and docs/errors.md. */
export type ErrorCode = (typeof ERROR_CODES)[number];

/** The exit code of a command that ends with an error: 2 for what the user can correct by typing again. */
export function exitCodeOf(code: ErrorCode): 1 | 2 {
  return code === "USAGE" ? 2 : 1;
}
