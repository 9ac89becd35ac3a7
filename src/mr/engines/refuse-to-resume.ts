import { type ErrorCode, MrError } from "../base/errors.ts";

/** @throws MrError `RESUME_MISMATCH`, or with the given code */
export function refuseToResume(
  directory: string,
  why: string,
  code: ErrorCode = "RESUME_MISMATCH",
): never {
  throw new MrError(code, `Cannot resume the job in directory "${directory}": ${why}`);
}
