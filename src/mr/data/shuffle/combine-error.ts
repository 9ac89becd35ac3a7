import { MrError } from "../../base/errors.ts";
import { messageOf, quoteKey, stackOf } from "../../base/thrown.ts";

/** Values of a key could not be combined, or what they were combined to can't be carried. */
export class CombineError extends TypeError {
  override name = "CombineError";

  constructor(key: string, cause: unknown) {
    super(`combine failed on key ${quoteKey(key)}: ${messageOf(cause)}`, { cause });
    // The stack that helps is that of the app's function.
    const stack = stackOf(cause);
    if (stack !== undefined) this.stack = stack;
  }
}

/** Names the key on which combining failed, if that is what failed. */
export function withKey(error: unknown, key: string): unknown {
  return error instanceof MrError ? error : new CombineError(key, error);
}
