/** The public face of the library. */
export type { ClassicApp, ClassicMap, ClassicReduce, KeyValue, MapResult } from "./app/contract.ts";
export { MrError, UsageError } from "./errors.ts";
