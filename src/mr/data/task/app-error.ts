import { MrError } from "../../base/errors.ts";
import { describeThrown, shorten, stackOf } from "../../base/thrown.ts";

const MAX_CHARACTERS = 100;

/** The app threw, or returned something that its contract does not allow. */
export class AppError extends MrError {
  override name = "AppError";

  /** @param what has failed, such as `map of wc.ts failed on "a.txt"` */
  constructor(what: string, thrown: unknown) {
    super("APP_THREW", `${what}: ${describeThrown(thrown)}`, { cause: thrown });
    // The app's own stack helps more.
    const stack = stackOf(thrown);
    if (stack !== undefined) this.stack = stack;
  }
}

/** Runs an operation that may call the app. Errors other than MrErrors become AppErrors that begin with `what`. */
export function withAppError(what: string, operation: () => void): void {
  try {
    operation();
  } catch (error) {
    throw error instanceof MrError ? error : new AppError(what, error);
  }
}

export function describeValue(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object") return "an object";
  if (typeof value === "undefined") return "undefined";
  if (typeof value === "function") return "a function";
  return `the ${typeof value} ${shorten(String(value), MAX_CHARACTERS)}`;
}
