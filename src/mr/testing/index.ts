/**
 * Runs an app, or its parts, on text in memory: no files, no processes. For the tests of an app.
 *
 * ```ts
 * import { runMap, runReduce, runSequential } from "tsmr/testing";
 * ```
 */
export { type InputText, type MapOptions, type MapRun, runMap } from "./run-map.ts";
export { type ReduceOptions, type ReduceRun, runReduce } from "./run-reduce.ts";
export {
  runSequential,
  type SequentialInputs,
  type SequentialOptions,
  type SequentialRun,
} from "./run-sequential.ts";
