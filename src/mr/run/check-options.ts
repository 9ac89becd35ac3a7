import { UsageError } from "../errors.ts";
import { MIN_MEMORY_BYTES } from "../memory-limits.ts";
import type { RunJobOptions } from "./run-job.ts";

interface Limits {
  readonly min: number;
  readonly max: number;
  readonly isWhole: boolean;
}

/** What the numbers among the options of a job may be. */
const LIMITS = {
  workers: whole(1, 1000),
  reduces: whole(1, 100_000),
  attempts: whole(1, 100),
  splitBytes: whole(1, Number.POSITIVE_INFINITY),
  memoryBytes: whole(MIN_MEMORY_BYTES, Number.POSITIVE_INFINITY),
  leaseMs: { min: 100, max: 86_400_000, isWhole: false },
  taskTimeoutMs: { min: 100, max: Number.POSITIVE_INFINITY, isWhole: false },
} as const satisfies Partial<Record<keyof RunJobOptions, Limits>>;

/**
 * Refuses numbers that make no sense, before anything is done: what a job makes of them would be found out
 * late, as a job that never ends for example.
 *
 * @throws UsageError that names the option and says what it may be
 */
export function checkOptions(options: RunJobOptions): void {
  const { app, inputs, out = "mr-out" }: { [name: string]: unknown } = { ...options };
  if (typeof app !== "string" || app === "") refuse("app", "the path or the name of an app");
  if (!Array.isArray(inputs) || !inputs.every((input) => typeof input === "string")) {
    refuse("inputs", "an array of paths and patterns");
  }
  if (typeof out !== "string" || out === "") refuse("out", "the path of a directory");
  for (const [name, limits] of Object.entries(LIMITS)) {
    const value: unknown = options[name as keyof typeof LIMITS];
    if (value === undefined || isWithin(value, limits)) continue;
    throw new UsageError(
      `Cannot run a job with ${name} ${value}: it must be ${describeLimits(limits)}`,
    );
  }
}

function refuse(option: string, what: string): never {
  throw new UsageError(`Cannot run a job: ${option} must be ${what}`);
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
