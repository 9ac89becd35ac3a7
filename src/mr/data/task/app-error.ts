import { MrError } from "../../base/errors.ts";
import { describeThrown, shorten, stackOf } from "../../base/thrown.ts";

/** What an app has handed back is shown up to here. */
const MAX_VALUE = 100;

/** The app threw, or handed back something that is not in the contract. */
export class AppError extends MrError {
  override name = "AppError";

  /**
   * @param what what was being done, such as `map of wc.ts failed on "a.txt"`
   * @param thrown what the app threw
   */
  constructor(what: string, thrown: unknown) {
    // The other lines of a message are in the stack.
    super("APP_THREW", `${what}: ${describeThrown(thrown)}`, { cause: thrown });
    // The stack that helps is the app's own.
    const stack = stackOf(thrown);
    if (stack !== undefined) this.stack = stack;
  }
}

/** A value in an error message: what it is, in few words. */
export function describeValue(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object") return "an object";
  if (typeof value === "undefined") return "undefined";
  if (typeof value === "function") return "a function";
  return `the ${typeof value} ${shorten(String(value), MAX_VALUE)}`;
}
