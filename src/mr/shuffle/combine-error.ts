import { MrError } from "../errors.ts";

/** Values of a key could not be combined, or what they were combined to can't be carried. */
export class CombineError extends TypeError {
  override name = "CombineError";

  constructor(key: string, cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(`combine failed on key ${JSON.stringify(key)}: ${why}`, { cause });
    // The stack that helps is that of the app's function.
    if (cause instanceof Error && cause.stack !== undefined) this.stack = cause.stack;
  }
}

/** Names the key on which combining failed, if that is what failed. */
export function withKey(error: unknown, key: string): unknown {
  return error instanceof MrError ? error : new CombineError(key, error);
}
