import * as v from "valibot";
import { ERROR_CODES } from "../../base/error-codes.ts";
import { type MaxBadRecords, parseMaxBadRecords } from "../../job/bad-records.ts";
import type { JobEvent } from "../../job/events.ts";
import { PHASES } from "../../job/task.ts";

/** JSON numbers may be infinite when parsed, and a damaged digit makes them absurd. */
const count = v.pipe(v.number(), v.minValue(0), v.maxValue(Number.MAX_SAFE_INTEGER));
const whole = v.pipe(count, v.integer());
/** Half the range of a Date, so that the start of a job and a time in it can be added. */
const milliseconds = v.pipe(count, v.maxValue(4e15));
const checksum = v.pipe(whole, v.maxValue(0xffffffff));
const phase = v.picklist(PHASES);
const progress = v.object({ records: count, bytes: count, cpuMs: milliseconds });
const failure = v.object({
  message: v.string(),
  stack: v.optional(v.string()),
  code: v.optional(v.picklist(ERROR_CODES), "APP_THREW"),
});
const leftOut = v.object({ file: v.optional(v.string()), place: v.string(), reason: v.string() });
const result = {
  progress: v.optional(progress),
  outputBytes: v.array(count),
  crc32: v.optional(checksum),
  lines: v.optional(whole),
  counters: v.record(v.string(), v.pipe(v.number(), v.finite())),
  skipped: v.optional(v.array(leftOut)),
  replaced: v.optional(v.array(leftOut)),
  spills: v.optional(count),
};
const attempt = { phase, task: whole, attempt: whole, worker: whole };
const outcome = v.variant("state", [
  v.object({ state: v.literal("completed") }),
  v.object({ state: v.literal("failed"), failure }),
  v.object({ state: v.literal("cancelled"), reason: v.string() }),
]);

function event<Type extends JobEvent["type"], Entries extends v.ObjectEntries>(
  type: Type,
  entries: Entries,
) {
  return v.object({ type: v.literal(type), atMs: milliseconds, ...entries });
}

const limit = v.custom<MaxBadRecords>((value) => parseMaxBadRecords(value) !== undefined);

const part = {
  file: v.string(),
  start: count,
  end: count,
  resume: v.optional(v.string()),
  size: v.optional(count),
  version: v.optional(v.string()),
};

const EVENT = v.variant("type", [
  event("jobStarted", {
    directory: v.string(),
    startedAt: milliseconds,
    resumed: v.boolean(),
    term: v.optional(v.pipe(whole, v.minValue(1)), 1),
    leaseMs: milliseconds,
  }),
  event("jobPlanned", {
    app: v.nullable(v.string()),
    digest: v.optional(v.string()),
    settings: v.optional(v.record(v.string(), v.nullable(v.string()))),
    inputDirectory: v.optional(v.string()),
    splits: v.array(v.object({ ...part, further: v.optional(v.array(v.object(part))) })),
    // A damaged number must not make an array that fills the memory.
    reduces: v.pipe(whole, v.maxValue(1_000_000)),
    skipBadRecords: v.optional(v.boolean()),
    maxBadRecords: v.optional(limit),
  }),
  event("workerJoined", { worker: whole, pid: whole }),
  event("workerLeft", { worker: whole }),
  event("workerRefused", { pid: whole, reason: v.string() }),
  event("journalFailed", { message: v.string() }),
  event("eventLogFailed", { message: v.string() }),
  event("typesNotChecked", { message: v.string() }),
  event("attemptStarted", { ...attempt, isBackup: v.boolean() }),
  event("attemptProgressed", { ...attempt, progress }),
  event("attemptCompleted", { ...attempt, ...result }),
  event("attemptFailed", { ...attempt, failure }),
  event("attemptBlocked", { ...attempt, failure }),
  event("attemptLost", { ...attempt, reason: v.picklist(["leaseEnded", "workerGone"]) }),
  event("attemptSuperseded", { ...attempt, by: whole }),
  event("taskReopened", { phase, task: whole }),
  event("taskRestored", { phase, task: whole, ...result }),
  event("phaseStarted", { phase }),
  event("jobEnded", { outcome }),
]);

/** A record that `tsmr run --merge` adds to the event log of a complete job, which is no event. */
const MERGED = v.object({ type: v.literal("outputMerged"), bytes: count, crc32: checksum });

export type Merged = v.InferOutput<typeof MERGED>;

/** Parses a line that says which merged file replaces the results; undefined if it is none. */
export function parseMerged(line: string): Merged | undefined {
  const parsed = v.safeParse(MERGED, parseJson(line));
  return parsed.success ? parsed.output : undefined;
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // Cut short when the coordinator was killed, or damaged.
    return undefined;
  }
}

/** `A` with every member writable and required, to compare types together with their optional members. */
type Full<A> = { -readonly [Key in keyof A]-?: Full<A[Key]> };
/** `A` if `A` and `B` have the same members; otherwise never, to which nothing can be assigned. */
type Exactly<A, B> = [Full<A>, Full<B>] extends [Full<B>, Full<A>] ? A : never;

/** Parses a line of an event log; undefined if it is not an event. */
export function parseEvent(line: string): JobEvent | undefined {
  const parsed = v.safeParse(EVENT, parseJson(line));
  if (!parsed.success) return undefined;
  // This does not compile if the schema and the type of events differ.
  const event: Exactly<v.InferOutput<typeof EVENT>, JobEvent> = parsed.output;
  return event;
}
