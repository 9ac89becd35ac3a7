/** The public face of the library. */
export { ByteSlice, type Text } from "./app/byte-slice.ts";
export {
  count,
  type First,
  type Fold,
  first,
  max,
  min,
  type NumberFold,
  sum,
  type Union,
  union,
} from "./app/combiners.ts";
export type {
  AppDefinition,
  Carried,
  CarriedMember,
  ClassicApp,
  ClassicMap,
  ClassicReduce,
  Combiner,
  Counters,
  Emit,
  EmitOutput,
  EmittedOutput,
  KeyValue,
  KnownFold,
  MapContext,
  MapResult,
  NotInJson,
  OwnOutput,
  RecordMapResult,
  RecordReduceResult,
  ReduceContext,
  Written,
} from "./app/contract.ts";
export { defineApp, type RecordApp } from "./app/define-app.ts";
export { fields } from "./app/fields.ts";
export type { Output, OutputSink } from "./app/output.ts";
export { hashPartition, type Partitioner, rangePartition } from "./app/partitioners.ts";
export type {
  CsvResumption,
  CsvSplitting,
  InputSource,
  Reader,
  ReadOptions,
  RecordCursor,
  Split,
  Splitting,
} from "./app/reader.ts";
export { setting } from "./app/setting.ts";
export { split } from "./app/split.ts";
export type { WordScan } from "./app/word-scan.ts";
export { words } from "./app/words.ts";
export { JobCancelledError, JobFailedError, MrError, UsageError } from "./errors.ts";
export type {
  Attempt,
  AttemptProgress,
  Failure,
  JobEvent,
  JobOutcome,
  LeftOutRecord,
  LossReason,
  Phase,
  PlannedSplit,
  UntimedEvent,
} from "./events/job-event.ts";
export { type CsvEntries, type CsvOptions, type CsvRow, csv } from "./input/csv.ts";
export { jsonLines } from "./input/json-lines.ts";
export { blocks, lines } from "./input/lines.ts";
export { type RecordSource, recordsFrom } from "./input/records-from.ts";
export { wholeFile } from "./input/whole-file.ts";
export type { BlockScanner } from "./kernel/kernel.ts";
export { text } from "./output/text.ts";
export { tsv } from "./output/tsv.ts";
export {
  type JobResult,
  type RunJobOptions,
  type RunningJob,
  runJob,
  startJob,
} from "./run/run-job.ts";
export type { SkippedRecord } from "./scheduler/types.ts";
