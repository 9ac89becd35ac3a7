import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { findApp } from "../app/load/find-app.ts";
import { currentDirectory, fileInWay, isNoDirectory } from "../base/directories.ts";
import { UsageError } from "../base/errors.ts";
import { nearestWord } from "../base/nearest-word.ts";
import { checkPathOfJob } from "../base/socket-path.ts";
import { parseMaxBadRecords } from "../job/bad-records.ts";
import type { NewJob, ResumedJob } from "../job/job-spec.ts";
import {
  DEFAULT_ATTEMPTS,
  DEFAULT_LEASE_MS,
  DEFAULT_MAX_BAD_RECORDS,
  DEFAULT_MEMORY_BYTES,
  DEFAULT_REDUCES,
  LOSSES_PER_ATTEMPT,
  RANGES,
  type Range,
} from "../job/limits.ts";
import { resolveInputs } from "../storage/registry.ts";
import type { RunJobOptions } from "./run-job.ts";

/** The options of {@link RunJobOptions} that describe the job itself. Without an app, workers bring it. */
export type JobRequest = Pick<Partial<RunJobOptions>, "app"> &
  Omit<RunJobOptions, "app" | "engine" | "signal" | "log" | "onOutput" | "onEvent">;

/**
 * Resolves the options of a job, with every default. Looks at each input once.
 *
 * @throws UsageError when there are no inputs, or the output directory is a file or in one; MrError when an input or the app
 *   cannot be found
 */
export async function resolveJobSpec(request: JobRequest): Promise<NewJob | ResumedJob> {
  const { app, resume = false, attempts = DEFAULT_ATTEMPTS, backups = true } = request;
  const { reduces, skipBadRecords } = request;
  const maxBadRecords = parseMaxBadRecords(request.maxBadRecords);
  const inputDirectory = currentDirectory();
  const isAsBefore = resume && request.inputs.length === 0;
  const inputs = isAsBefore ? undefined : await resolveInputs(request.inputs, inputDirectory);
  const directory = resolve(request.out ?? "mr-out");
  checkPathOfJob(directory);
  const file = isNoDirectory(directory) ? directory : fileInWay(directory);
  if (file !== undefined) {
    const what = file === directory ? "it" : `"${file}"`;
    throw new UsageError(`Cannot use output directory "${directory}": ${what} is not a directory`);
  }
  const spec = {
    app: app === undefined ? undefined : findApp(app, inputDirectory),
    inputDirectory,
    directory,
    workers: request.workers ?? availableParallelism(),
    splitBytes: request.splitBytes,
    memoryBytes: request.memoryBytes ?? DEFAULT_MEMORY_BYTES,
    leaseMs: request.leaseMs ?? DEFAULT_LEASE_MS,
    taskTimeoutMs: request.taskTimeoutMs ?? Number.POSITIVE_INFINITY,
    maxFailures: attempts,
    maxLosses: LOSSES_PER_ATTEMPT * attempts,
    maxBackups: backups ? 1 : 0,
    keepMapOutputs: request.keep ?? false,
    checkTypes: request.check ?? true,
  };
  if (resume || inputs === undefined) {
    return { ...spec, inputs, reduces, skipBadRecords, maxBadRecords, resume: true };
  }
  const fixed = {
    inputs,
    reduces: reduces ?? DEFAULT_REDUCES,
    skipBadRecords: skipBadRecords ?? false,
    maxBadRecords: maxBadRecords ?? DEFAULT_MAX_BAD_RECORDS,
  };
  return { ...spec, ...fixed, resume: false };
}

/** The type of an option that is not a number: a phrase for messages, and a check. */
type Kind = readonly [what: string, isRight: (value: unknown) => boolean];

const FLAG: Kind = ["true or false", (value) => typeof value === "boolean"];
const FUNCTION: Kind = ["a function", (value) => typeof value === "function"];

/** The values that each option may have. */
const OPTIONS: { readonly [Name in keyof Required<RunJobOptions>]: Range | Kind } = {
  app: ["the path or the name of an app", isName],
  inputs: [
    "an array of paths and patterns",
    (value) => Array.isArray(value) && value.every((part) => typeof part === "string"),
  ],
  out: ["the path of a directory", isName],
  engine: ["the name of an engine", isName],
  ...RANGES,
  skipBadRecords: FLAG,
  maxBadRecords: [
    'a whole number from 0 on, or a percentage such as "5%"',
    (value) => parseMaxBadRecords(value) !== undefined,
  ],
  backups: FLAG,
  resume: FLAG,
  check: FLAG,
  keep: FLAG,
  signal: ["an AbortSignal", isSignal],
  log: FUNCTION,
  onOutput: FUNCTION,
  onEvent: FUNCTION,
};

/**
 * Checks the options before anything is done, because a wrong one might otherwise cause a job that never ends.
 *
 * @throws UsageError that names the option and says what it may be
 */
export function checkOptions(options: RunJobOptions): void {
  const given: unknown = options;
  if (typeof given !== "object" || given === null) {
    throw new UsageError("Cannot run a job: its options must be an object");
  }
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(OPTIONS, name)) continue;
    const meant = nearestWord(name, Object.keys(OPTIONS));
    const guess = meant === undefined ? "" : ` (did you mean "${meant}"?)`;
    throw new UsageError(`Cannot run a job: there is no option "${name}"${guess}`);
  }
  for (const [name, allowed] of Object.entries(OPTIONS)) {
    check(name, (given as Readonly<Record<string, unknown>>)[name], allowed);
  }
}

function check(name: string, value: unknown, allowed: Range | Kind): void {
  if (value === undefined && name !== "app" && name !== "inputs") return;
  if ("min" in allowed) {
    const { min, max, isWhole } = allowed;
    const isWithin = typeof value === "number" && value >= min && value <= max;
    if (isWithin && (!isWhole || Number.isSafeInteger(value))) return;
    const kind = isWhole ? "a whole number" : "a number";
    const range = Number.isFinite(max) ? `from ${min} to ${max}` : `of at least ${min}`;
    throw new UsageError(`Cannot run a job with ${name} ${value}: it must be ${kind} ${range}`);
  }
  const [what, isRight] = allowed;
  if (!isRight(value)) throw new UsageError(`Cannot run a job: ${name} must be ${what}`);
}

function isName(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}

/** Accepts the signals of other realms and of libraries, which are not instances of this AbortSignal. */
function isSignal(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { aborted, addEventListener } = value as { [Name in keyof AbortSignal]?: unknown };
  return typeof aborted === "boolean" && typeof addEventListener === "function";
}
