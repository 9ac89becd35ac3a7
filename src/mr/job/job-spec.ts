/** An input as it was when the job was planned. */
export interface InputFile {
  /** As the user named it: a path relative to {@link JobSpec.inputDirectory}, an absolute path, or a URL. */
  readonly url: string;
  /** In bytes. */
  readonly size: number;
  /** Changes whenever the contents do: the time of the last change in nanoseconds, an ETag. */
  readonly version: string;
}

/**
 * A job's single value: everything that was asked for, resolved, checked, and with its defaults. An option
 * goes from the command line to here, and from here to where it acts.
 */
export interface JobSpec {
  /** Absolute path of the app's module; undefined where workers that are started by hand bring it. */
  readonly app: string | undefined;
  /** In the order that numbers the map tasks. On resuming, an empty array stands for those of the job. */
  readonly inputs: readonly InputFile[];
  /** Absolute path that relative inputs start from. */
  readonly inputDirectory: string;
  /** Absolute path of the directory of the output, which is the job directory. */
  readonly directory: string;
  /** Number of reduce tasks; undefined on resuming for that of the job. */
  readonly reduces: number | undefined;
  /** Number of worker processes. */
  readonly workers: number;
  /** How large a part of a file one map task takes, in bytes; undefined for a size that fits the job. */
  readonly splitBytes: number | undefined;
  /** The peak memory of a worker process, in bytes. */
  readonly memoryBytes: number;
  /** How long an attempt may go without progress before it is lost. */
  readonly leaseMs: number;
  /** How long an attempt may run, whatever its progress; Infinity for no limit. */
  readonly taskTimeoutMs: number;
  /** How many attempts of one task may fail before the job does. */
  readonly maxFailures: number;
  /** How many attempts of one task may be lost before the job fails. */
  readonly maxLosses: number;
  /** How many backup attempts a task may have: 1, or 0 for none. */
  readonly maxBackups: number;
  /** Skip and count records that are malformed, or that the app throws on; undefined on resuming for as before. */
  readonly skipBadRecords: boolean | undefined;
  /** Keep the map outputs when the job is complete. */
  readonly keepMapOutputs: boolean;
  /** Check the types of the app before the job begins. */
  readonly checkTypes: boolean;
  /** Go on with the job that is in the directory. */
  readonly resume: boolean;
}
