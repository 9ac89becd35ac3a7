import type { MaxBadRecords } from "./bad-records.ts";

/** An input as it was when the job was planned. */
export interface InputFile {
  /** As the user named it: a path relative to {@link JobSpec.inputDirectory}, an absolute path, or a URL. */
  readonly url: string;
  /** In bytes. */
  readonly size: number;
  /**
   * Changes whenever the contents do: the time of the last change in nanoseconds, an ETag. A storage may add which
   * file it is, after a `/`; see {@link isSameVersion}.
   */
  readonly version: string;
}

const IDENTITY = "/";

/**
 * Whether an input with these versions is the same: which file it is only counts if both tell.
 *
 * @param what `contents` if another file with the same contents, such as one that was restored, will do
 */
export function isSameVersion(a: string, b: string, what: "file" | "contents" = "file"): boolean {
  if (a === b) return true;
  const [ofA = "", fileA] = a.split(IDENTITY, 2);
  const [ofB = "", fileB] = b.split(IDENTITY, 2);
  return ofA === ofB && (what === "contents" || fileA === undefined || fileB === undefined);
}

/** The options that must stay the same when a job is resumed. Its log has them. */
export interface FixedOptions {
  /** Number of reduce tasks. */
  readonly reduces: number;
  /** Skip and count records that are malformed, or that the app throws on. */
  readonly skipBadRecords: boolean;
  /** How many records may be bad before the job fails. */
  readonly maxBadRecords: MaxBadRecords;
  /** Absolute path that relative inputs start from. */
  readonly inputDirectory: string;
  /** In the order that numbers the map tasks. */
  readonly inputs: readonly InputFile[];
}

/**
 * A job's single value: all options, resolved, checked, and with their defaults. An option goes from the
 * command line to here, and from here to where it acts.
 */
export interface JobSpec extends FixedOptions {
  /** Absolute path of the app's module; undefined where workers that are started by hand bring it. */
  readonly app: string | undefined;
  /** Absolute path of the directory of the output, which is the job directory. */
  readonly directory: string;
  /** Number of worker processes. */
  readonly workers: number;
  /** The largest part of a file that one map task takes, in bytes; undefined for a size that fits the job. */
  readonly splitBytes: number | undefined;
  /** The peak memory of a worker process, in bytes. */
  readonly memoryBytes: number;
  /** How long an attempt may go without progress before it is lost, in milliseconds. */
  readonly leaseMs: number;
  /** How long an attempt may run, whatever its progress, before it has failed; Infinity for no limit. */
  readonly taskTimeoutMs: number;
  /** How many attempts of one task may fail before the job does. */
  readonly maxFailures: number;
  /**
   * How many attempts of one task may be lost, or lose their output afterwards, before the job fails. It is
   * larger than `maxFailures`, because the death of a machine says little about the task; but a task that kills
   * every worker must not do so for ever.
   */
  readonly maxLosses: number;
  /** How many backup attempts a task may have: 1, or 0 for none. */
  readonly maxBackups: number;
  /** Keep the map outputs when the job is complete. */
  readonly keepMapOutputs: boolean;
  /** Check the types of the app before the job begins. */
  readonly checkTypes: boolean;
}

/** A job that begins. */
export type NewJob = JobSpec & { readonly resume: false };

/** A job to resume: fixed options that are given must equal those in its log, which decides the others. */
export type ResumedJob = Omit<JobSpec, FromLog> & {
  readonly [Name in FromLog]: JobSpec[Name] | undefined;
} & { readonly resume: true };

type FromLog = Exclude<keyof FixedOptions, "inputDirectory">;

/** The values of environment variables that an app asked for, by name; null for those that are not set. */
export type Settings = Readonly<Record<string, string | null>>;

/** The name of a setting whose values differ; undefined if all are equal. */
export function differenceOf(one: Settings, other: Settings): string | undefined {
  const names = [...Object.keys(one), ...Object.keys(other)];
  return names.find((name) => (one[name] ?? null) !== (other[name] ?? null));
}
