/** Tells a reader how to start in the middle of a file. Short, printable text that only this reader understands. */
export type ResumeToken = string;

/** A part of an input file: the records that begin in its bytes [start, end). */
export interface FilePart {
  /** The input as the user named it. */
  readonly file: string;
  /** In bytes. */
  readonly start: number;
  /** In bytes; the file's size for its last part. The last record may extend beyond it. */
  readonly end: number;
  /** The token of the reader for starting here, if it needs one. */
  readonly resume?: ResumeToken | undefined;
  /** The size of the file in bytes when the job was planned. A reader of the part checks it, if it is known. */
  readonly size?: number | undefined;
  /** The version of the file when the job was planned, as in `InputFile`; checked like the size. */
  readonly version?: string | undefined;
}

/** The input of a map task. */
export interface Split extends FilePart {
  /** Parts of other files that the same task reads next: small files share a task. */
  readonly further?: readonly FilePart[] | undefined;
}

/**
 * Where the files of a reader may be cut: `bytes` for anywhere (the reader then reads the records that begin in
 * its part), `wholeFile` for nowhere, or where a scanner finds the end of a record.
 */
export type Splitting = "bytes" | "wholeFile" | ScannedSplitting;

/** Files are read by a scanner to find the ends of records. */
export interface ScannedSplitting {
  /** The name of the scanner: `csv`. */
  readonly scanner: string;
  /** Of the scanner, which checks them; at most 1000 characters of JSON. */
  readonly options: Readonly<Record<string, string | number | boolean | null>>;
}

/** Cuts the inputs of a job into map tasks, as the app's reader allows. */
export interface JobPlan {
  (splitting: "wholeFile"): readonly Split[];
  /**
   * Of files larger than a split, the first bytes are read, because compressed files are not cut. Scanners read the
   * inputs once for each combination of options.
   *
   * @throws UsageError for a scanner that does not exist, or options that it does not take
   */
  (splitting: Splitting): readonly Split[] | Promise<readonly Split[]>;
}

/** All parts of files that a map task reads, in reading order. */
export function partsOf(split: Split): readonly FilePart[] {
  return split.further === undefined ? [split] : [split, ...split.further];
}

/** The same splits, with the versions that the files have now, by name. */
export function withVersions(
  splits: readonly Split[],
  versions: ReadonlyMap<string, string>,
): Split[] {
  const present = <T extends FilePart>(part: T): T => ({
    ...part,
    version: versions.get(part.file) ?? part.version,
  });
  return splits.map(({ further, ...split }) =>
    further === undefined ? present(split) : { ...present(split), further: further.map(present) },
  );
}

/** The names of the files that splits are parts of, each once, in their order. */
export function filesOf(splits: readonly Split[]): string[] {
  const files = splits.flatMap((split) => partsOf(split).map(({ file }) => file));
  return [...new Set(files)];
}

/** The input of a map task, for messages. */
export interface TaskInput extends Pick<FilePart, "file" | "start" | "end"> {
  /** Whether no other task reads a part of `file`. */
  readonly isWhole: boolean;
  /** How many further small files the task reads. */
  readonly others: number;
}

/** Undefined if there is no such task. */
export function taskInput(splits: readonly Split[], map: number): TaskInput | undefined {
  const split = splits[map];
  if (split === undefined) return undefined;
  const { file, start, end, further = [] } = split;
  const isWhole = splits[map - 1]?.file !== file && splits[map + 1]?.file !== file;
  return { file, start, end, isWhole, others: further.length };
}

/** How much a map task reads, in bytes. */
export function splitBytes(split: Split): number {
  return partsOf(split).reduce((sum, { start, end }) => sum + Math.max(0, end - start), 0);
}

/** A short name for the input of a map task: `a.txt`, or `a.txt +3` where three more files share the task. */
export function inputName({ file, further }: Split): string {
  return further === undefined ? file : `${file} +${further.length}`;
}
