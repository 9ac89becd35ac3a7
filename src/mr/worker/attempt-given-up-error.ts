import { MrError } from "../base/errors.ts";

/** The coordinator has refused the attempt that is running: what it does is for nobody. */
export class AttemptGivenUpError extends MrError {
  override name = "AttemptGivenUpError";

  constructor() {
    super("ATTEMPT_STALE", "the coordinator has given this attempt up");
  }
}
