import { UsageError } from "../base/errors.ts";
import { nearestWord } from "../base/nearest-word.ts";
import { MIN_MEMORY_BYTES } from "../job/limits.ts";
import type { RunJobOptions } from "./run-job.ts";

interface Limits {
  readonly min: number;
  readonly max: number;
  readonly isWhole: boolean;
}

/** What an option that is no number must be, in words and as a question. */
type Kind = readonly [what: string, isRight: (value: unknown) => boolean];

const FLAG: Kind = ["true or false", (value) => typeof value === "boolean"];
const FUNCTION: Kind = ["a function", (value) => typeof value === "function"];

/** What each option may be. */
const OPTIONS: { readonly [Name in keyof Required<RunJobOptions>]: Limits | Kind } = {
  app: ["the path or the name of an app", isName],
  inputs: ["an array of paths and patterns", isList],
  out: ["the path of a directory", isName],
  workers: whole(1, 1000),
  reduces: whole(1, 100_000),
  leaseMs: { min: 100, max: 86_400_000, isWhole: false },
  taskTimeoutMs: { min: 100, max: Number.POSITIVE_INFINITY, isWhole: false },
  attempts: whole(1, 100),
  splitBytes: whole(1, Number.POSITIVE_INFINITY),
  memoryBytes: whole(MIN_MEMORY_BYTES, Number.POSITIVE_INFINITY),
  skipBadRecords: FLAG,
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
 * Refuses options that make no sense, before anything is done: what a job makes of them would be found out
 * late, as a job that never ends for example.
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

function check(name: string, value: unknown, allowed: Limits | Kind): void {
  if (value === undefined && name !== "app" && name !== "inputs") return;
  if ("min" in allowed) {
    if (isWithin(value, allowed)) return;
    throw new UsageError(
      `Cannot run a job with ${name} ${value}: it must be ${describeLimits(allowed)}`,
    );
  }
  const [what, isRight] = allowed;
  if (!isRight(value)) throw new UsageError(`Cannot run a job: ${name} must be ${what}`);
}

function isName(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}

function isList(value: unknown): boolean {
  return Array.isArray(value) && value.every((part) => typeof part === "string");
}

/** One of another realm, or of a library, will do. */
function isSignal(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { aborted, addEventListener } = value as { [Name in keyof AbortSignal]?: unknown };
  return typeof aborted === "boolean" && typeof addEventListener === "function";
}

function whole(min: number, max: number): Limits {
  return { min, max, isWhole: true };
}

function isWithin(value: unknown, { min, max, isWhole }: Limits): boolean {
  if (typeof value !== "number" || !(value >= min && value <= max)) return false;
  return !isWhole || Number.isSafeInteger(value);
}

function describeLimits({ min, max, isWhole }: Limits): string {
  const kind = isWhole ? "a whole number" : "a number";
  return Number.isFinite(max) ? `${kind} from ${min} to ${max}` : `${kind} of at least ${min}`;
}
