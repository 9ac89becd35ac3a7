import { type ErrorCode, MrError } from "../base/errors.ts";
import type { JobSpec } from "../job/job-spec.ts";

type Limits = { readonly [K in "skipBadRecords" | "maxBadRecords"]?: JobSpec[K] | undefined };

/** @throws MrError `RESUME_MISMATCH`, or with the given code */
export function refuseToResume(
  directory: string,
  why: string,
  code: ErrorCode = "RESUME_MISMATCH",
): never {
  throw new MrError(code, `Cannot resume the job in directory "${directory}": ${why}`);
}

/**
 * Checks that this command treats bad records as the job began to. An option that one side does not know is not compared.
 *
 * @throws MrError `RESUME_MISMATCH`
 */
export function checkSameLimits(directory: string, began: Limits, now: Limits): void {
  const isOther = (name: keyof Limits) =>
    began[name] !== undefined && now[name] !== undefined && now[name] !== began[name];
  if (isOther("skipBadRecords")) {
    const what = began.skipBadRecords ? "leave out" : "fail on";
    refuseToResume(directory, `it was to ${what} bad records`);
  }
  if (isOther("maxBadRecords")) {
    const limit = `it began with --max-bad-records ${began.maxBadRecords}`;
    refuseToResume(directory, `${limit}, not with ${now.maxBadRecords}`);
  }
}
