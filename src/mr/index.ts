/** The public face of the library. */
export { ByteSlice, type Text } from "./app/contract/byte-slice.ts";
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
} from "./app/contract/combiners.ts";
export type {
  AppDefinition,
  Carried,
  CarriedMember,
  ClassicApp,
  ClassicContext,
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
  Output,
  OutputSink,
  OwnOutput,
  RecordMapResult,
  RecordReduceResult,
  ReduceContext,
  Written,
} from "./app/contract/contract.ts";
export { defineApp, type RecordApp } from "./app/contract/define-app.ts";
export { hashPartition, type Partitioner, rangePartition } from "./app/contract/partitioners.ts";
export type { InputSource, Reader, ReadOptions, RecordCursor } from "./app/contract/reader.ts";
export { setting } from "./app/contract/setting.ts";
export { fields, splitText } from "./app/text/fields.ts";
export { lowerCase } from "./app/text/lower-case.ts";
export type { WordScan } from "./app/text/word-scan.ts";
export { words } from "./app/text/words.ts";
export {
  type ErrorCode,
  JobCancelledError,
  JobFailedError,
  MrError,
  UsageError,
} from "./base/errors.ts";
export { type CsvEntries, type CsvOptions, type CsvRow, csv } from "./data/input/csv.ts";
export type { FileOptions, TextOptions } from "./data/input/encoding.ts";
export { type JsonLinesOptions, jsonLines } from "./data/input/json-lines.ts";
export { blocks, lines } from "./data/input/lines.ts";
export { type RecordSource, recordsFrom } from "./data/input/records-from.ts";
export { wholeFile } from "./data/input/whole-file.ts";
export { text, tsv } from "./data/output/formats.ts";
export {
  type JobResult,
  type RunJobOptions,
  type RunningJob,
  runJob,
  startJob,
} from "./engines/run-job.ts";
export type { MaxBadRecords } from "./job/bad-records.ts";
export type { CompletionFigures, JobEvent, UntimedEvent } from "./job/events.ts";
export type { FilePart, ResumeToken, ScannedSplitting, Split, Splitting } from "./job/split.ts";
export type {
  Attempt,
  AttemptId,
  Failure,
  JobOutcome,
  LossReason,
  Phase,
  Progress,
  SkippedRecord,
  TaskId,
} from "./job/task.ts";
export type { BlockScanner } from "./kernel/kernel.ts";
