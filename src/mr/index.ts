/** The public face of the library. */
export type { ClassicApp, ClassicMap, ClassicReduce, KeyValue, MapResult } from "./app/contract.ts";
export { MrError, UsageError } from "./errors.ts";
export { type JobResult, type RunJobOptions, runJob } from "./run/run-job.ts";
