import { MrError } from "../errors.ts";

/** The app threw, or handed back something that is not in the contract. */
export class AppError extends MrError {
  override name = "AppError";

  /**
   * @param what what was being done, such as `map of wc.ts failed on "a.txt"`
   * @param thrown what the app threw
   */
  constructor(what: string, thrown: unknown) {
    const message = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
    // The rest of a long message is in the stack.
    super(`${what}: ${message.split("\n", 1)[0]}`, { cause: thrown });
    // The stack that helps is the app's own.
    if (thrown instanceof Error && thrown.stack !== undefined) this.stack = thrown.stack;
  }
}

/** A value in an error message: what it is, in few words. */
export function describeValue(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object") return "an object";
  if (typeof value === "undefined") return "undefined";
  if (typeof value === "function") return "a function";
  return `the ${typeof value} ${String(value)}`;
}
