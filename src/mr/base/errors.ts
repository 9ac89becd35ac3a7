import { getSystemErrorMap } from "node:util";
import type { ErrorCode } from "./error-codes.ts";
import { messageOf } from "./thrown.ts";

export type { ErrorCode } from "./error-codes.ts";

/**
 * An operating error, such as a missing file, a full disk or a broken app, as opposed to a mistake in this
 * code. Its message is one line that says what could not be done, on what, and why, so commands print it without
 * a stack. Programs tell errors apart by {@link code}.
 */
export class MrError extends Error {
  /** The class's name. */
  override name = "MrError";
  /** The kind of error; docs/errors.md has the list. */
  readonly code: ErrorCode;

  /**
   * @param code for programs
   * @param message for people
   */
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * Wrong usage: the command line asks for something that does not exist or makes no sense. Exit code 2. An app
 * throws it at its top level for a setting that it can't use. Thrown by a reader, by `map` or by `reduce`, it
 * ends the job at once, even if bad records are skipped, because another attempt would fail too.
 */
export class UsageError extends MrError {
  /** The class's name. */
  override name = "UsageError";

  /** @param message for people: what to do instead */
  constructor(message: string, options?: ErrorOptions) {
    super("USAGE", message, options);
  }
}

/** A job that ended without a result because one of its tasks could not be done. */
export class JobFailedError extends MrError {
  /** The class's name. */
  override name = "JobFailedError";
  /** The stack of what the app threw, if it was the app. */
  readonly appStack: string | undefined;

  /** @internal */
  constructor(failure: { code: ErrorCode; message: string; stack?: string | undefined }) {
    super(failure.code, `The job failed: ${failure.message}`);
    this.appStack = failure.stack;
  }
}

/**
 * A job that ended without a result because it was ended early: `code` is `JOB_CANCELLED`, or tells why it could
 * not go on. `cause` is the signal's reason.
 */
export class JobCancelledError extends MrError {
  override name = "JobCancelledError";
  /** Why, in words. */
  readonly reason: string;

  /**
   * @param reason for people
   * @param code default `JOB_CANCELLED`
   */
  constructor(reason: string, options?: ErrorOptions, code: ErrorCode = "JOB_CANCELLED") {
    super(code, `The job is not complete: ${reason}`, options);
    this.reason = reason;
  }
}

/** The `code` of a Node system error such as `ENOENT`, or undefined for any other value. */
export function errorCode(error: unknown): string | undefined {
  try {
    if (error instanceof Error && "code" in error && typeof error.code === "string") {
      return error.code;
    }
  } catch {
    // An app may throw a proxy that refuses to be looked at; a system error is none.
  }
  return undefined;
}

/** The error of an input that cannot be read. An MrError keeps its code. */
export function inputError(input: string, error: unknown): MrError {
  const message = `Cannot read input "${input}": ${describeCause(error)}`;
  const code = error instanceof MrError ? error.code : inputErrorCode(errorCode(error));
  return new MrError(code, message, { cause: error });
}

function inputErrorCode(code = ""): ErrorCode {
  if (code === "ENOENT" || code === "ENOTDIR") return "INPUT_NOT_FOUND";
  // Codes of zlib and zstd: the compressed data is damaged.
  return /^Z(STD)?_/.test(code) ? "INPUT_MALFORMED" : "INPUT_UNREADABLE";
}

/**
 * The cause of a failure in words fit for the end of a sentence: `permission denied (EACCES)` for a
 * system error, the first line of the message for any other error, the value itself for what was
 * thrown without one.
 */
export function describeCause(error: unknown): string {
  const code = errorCode(error);
  if (code !== undefined) {
    for (const [name, text] of getSystemErrorMap().values()) {
      if (name === code) return `${text} (${code})`;
    }
  }
  return messageOf(error);
}
