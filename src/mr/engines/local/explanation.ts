import type { ErrorCode } from "../../base/error-codes.ts";

/** Which stream a process writes to that was started to find out why an app cannot be loaded. */
export const EXPLANATION = 3;

/** Why an app cannot be loaded. */
export interface Explanation {
  readonly message: string;
  readonly code: ErrorCode;
}
