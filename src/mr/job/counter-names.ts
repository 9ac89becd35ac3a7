/** The counter of records that were left out with `--skip-bad-records`. */
export const SKIPPED_RECORDS = "skipped-records";
