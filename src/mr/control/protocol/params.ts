import { JSONRPCErrorException } from "json-rpc-2.0";
import * as v from "valibot";
import { ERROR_CODES } from "../../base/error-codes.ts";
import type { Settings } from "../../job/job-spec.ts";
import { MAX_SKIPPED_OF_TASK } from "../../job/limits.ts";
import { mapOutputName, parseMapOutputName, reduceOutputName } from "../../job/names.ts";
import type { ScannedSplitting } from "../../job/split.ts";
import { type AttemptId, type OutputFile, PHASES } from "../../job/task.ts";
import { type Method, type Params, RPC_ERRORS } from "./protocol.ts";

const count = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(Number.MAX_SAFE_INTEGER));
const text = v.pipe(v.string(), v.maxLength(100_000));
const digest = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, "64 hex digits expected"));
const phase = v.picklist(PHASES);
const worker = count;
/** Where the app's inputs may be cut. The planner checks the scanner and its options. */
const splitting = v.union([
  v.picklist(["wholeFile", "bytes"]),
  v.object({
    scanner: v.pipe(v.string(), v.maxLength(100)),
    options: v.custom<ScannedSplitting["options"]>(
      (input) =>
        isRecordOf(input, (it) => Object(it) !== it) && JSON.stringify(input).length <= 1000,
    ),
  }),
]);
/** `v.record` would drop names that every object has, such as `constructor`. */
const counters = v.custom<Readonly<Record<string, number>>>(
  (input) => isRecordOf(input, Number.isFinite),
  "numbers by name expected",
);

/** The same for numbers that can't be negative. */
const counts = v.custom<Readonly<Record<string, number>>>(
  (input) => isRecordOf(input, (value) => v.is(count, value)),
  "counts by name expected",
);

/** The job for which the worker was given its number. */
const job = v.optional(v.pipe(v.string(), v.regex(/^[0-9a-f]{8}$/, "8 hex digits expected")));

/** The values of environment variables that the app asked for; null for those not set. */
const settings = v.custom<Settings>(
  (input) => isRecordOf(input, (value) => value === null || v.is(text, value)),
  "texts by name expected",
);

/** The term of the coordinator that gave the worker its number. */
const term = v.optional(count);

const attemptEntries = { worker, job, term, phase, task: count, attempt: count };

const outputName = v.regex(/^mr-(out|[0-9]+)-[0-9]+$/, "the name of a job output expected");
const outputFile = v.object({
  name: v.pipe(v.string(), outputName),
  bytes: count,
  crc32: v.pipe(count, v.maxValue(0xffffffff)),
  lines: v.optional(count),
});

const progress = v.object({
  records: count,
  bytes: count,
  cpuMs: v.pipe(v.number(), v.finite(), v.minValue(0)),
});

const skipped = v.object({ file: v.optional(text), place: text, reason: text });

const none = v.optional(v.union([v.strictObject({}), v.tuple([])]));

export const PARAMS = {
  "worker.register": v.object({
    protocol: count,
    pid: count,
    app: text,
    digest,
    splitting,
    /** How many reduce tasks the app's partitioner needs. */
    minReduces: v.optional(count),
    /** Whether the app checks the names of all inputs, which the answer then has. */
    checksInputs: v.optional(v.boolean()),
    settings: v.optional(settings),
  }),
  "task.request": v.object({ worker, job, term }),
  "task.progress": v.object({
    ...attemptEntries,
    ...progress.entries,
    /** The app has said that it waits, or the output is being synced: no number need have grown. */
    alive: v.optional(v.boolean()),
  }),
  "task.commit": v.object(attemptEntries),
  "task.complete": v.object({
    ...attemptEntries,
    outputs: v.pipe(v.array(outputFile), v.maxLength(1_000_000)),
    counters: v.optional(counters, {}),
    progress: v.optional(progress),
    skipped: v.optional(v.pipe(v.array(skipped), v.maxLength(MAX_SKIPPED_OF_TASK))),
    replaced: v.optional(v.pipe(v.array(skipped), v.maxLength(MAX_SKIPPED_OF_TASK))),
    spills: v.optional(count),
    records: v.optional(v.object({ read: count, bad: counts, first: v.optional(skipped) })),
    /** Whether the answer may have the worker's next assignment. */
    next: v.optional(v.boolean()),
  }),
  "task.fail": v.object({
    ...attemptEntries,
    message: text,
    stack: v.optional(text),
    /** With some codes there is no other attempt; see `isFinal`. */
    code: v.optional(v.picklist(ERROR_CODES), "APP_THREW"),
    /** Names of the map outputs that a reduce attempt found missing or damaged. */
    damaged: v.optional(v.pipe(v.array(text), v.maxLength(100_000))),
  }),
  "job.status": none,
  "job.cancel": v.optional(v.object({ reason: v.optional(text) })),
} as const;

/**
 * Checks what arrived from outside against what the method takes.
 *
 * @returns the parameters, or a sentence that says which one is wrong
 */
export function parseParams<M extends Method>(method: M, input: unknown): Params<M> | string {
  const result = v.safeParse(PARAMS[method], input, { abortEarly: true });
  if (result.success) return result.output as Params<M>;
  const issue = result.issues[0];
  const path = v.getDotPath(issue);
  return path === null ? issue.message : `${path}: ${issue.message}`;
}

/**
 * Checks that a report on a completed task names all its outputs, because each is checked against its length and
 * checksum when it is read.
 *
 * @param reduces number of reduce tasks
 * @throws JSONRPCErrorException (`invalidParams`) saying what they are
 */
export function checkOutputs(
  { phase, task }: AttemptId,
  outputs: readonly OutputFile[],
  reduces: number,
): void {
  const names =
    phase === "map"
      ? Array.from({ length: reduces }, (_, reduce) => mapOutputName(task, reduce))
      : [reduceOutputName(task)];
  if (names.length === outputs.length && names.every((name, at) => name === outputs[at]?.name)) {
    return;
  }
  throw new JSONRPCErrorException(
    `task.complete: outputs: those of ${phase} task ${task} are ${names[0]} … ${names.at(-1)}`,
    RPC_ERRORS.invalidParams,
  );
}

/** The map tasks whose outputs for its reduce task a report calls missing or damaged. */
export function damagedMapsOf({ phase, task }: AttemptId, names: readonly string[] = []): number[] {
  if (phase !== "reduce") return [];
  return names.flatMap((name) => {
    const parsed = parseMapOutputName(name);
    return parsed?.reduce === task ? parsed.map : [];
  });
}

function isRecordOf(input: unknown, isValue: (value: unknown) => boolean): boolean {
  if (typeof input !== "object" || input === null || Array.isArray(input)) return false;
  return Object.entries(input).every(([name, value]) => name.length <= 200 && isValue(value));
}
