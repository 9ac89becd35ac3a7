import type { PendingFile, Segment } from "../../storage/pending-file.ts";
import type { Scratch } from "../../storage/storage.ts";
import type { ValueOrder } from "./group-merger.ts";
import { type GroupSource, mergeRuns } from "./group-source.ts";
import { RecordWriter } from "./record-writer.ts";
import type { Run } from "./run-file.ts";

const MAX_BUFFER_BYTES = 256 * 1024;
const MIN_BUFFER_BYTES = 8 * 1024;
/** For all buffers of a merge, unless that makes them too small: larger ones save next to no time. */
const USUAL_BYTES = 4 * 1024 * 1024;

/** A temporary file of sorted runs. */
export interface Spill {
  readonly file: PendingFile;
  /** One run per reduce task. */
  readonly segments: readonly Segment[];
}

/** Writes the values of the merger's group to a group that was begun. */
export type GroupWriter = (merger: GroupSource, writer: RecordWriter) => void;

export interface SpillOptions {
  /** Gets the temporary files. */
  readonly scratch: Scratch;
  /** What the names of the temporary files begin with, such as `mr-3`. */
  readonly name: string;
  /** How many runs are merged at a time, 2 or more. */
  readonly fanIn: number;
  /** For all buffers of a merge together. */
  readonly mergeBytes: number;
}

/**
 * The temporary runs of one attempt, in the order they were written, which is that of the values in
 * them. They are never committed; whoever makes them discards them.
 */
export class SpillFiles {
  readonly #options: SpillOptions;
  #spills: Spill[] = [];
  #created = 0;
  #added = 0;

  constructor(options: SpillOptions) {
    this.#options = options;
  }

  get isEmpty(): boolean {
    return this.#spills.length === 0;
  }

  /** How many were ever added. */
  get count(): number {
    return this.#added;
  }

  /** Adds a spill that `write` puts into a new file. */
  add(write: (file: PendingFile) => Spill): void {
    this.#added += 1;
    this.#spills.push(this.#create(write));
  }

  /** Merges neighbouring spills until there are no more than are merged at a time. */
  reduceToFanIn(reduces: number, order: ValueOrder, writeGroup: GroupWriter): void {
    const { fanIn } = this.#options;
    while (this.#spills.length > fanIn) {
      const merged: Spill[] = [];
      const before = this.#spills;
      for (let from = 0; from < before.length; from += fanIn) {
        const part = before.slice(from, from + fanIn);
        merged.push(
          part.length === 1 ? (part[0] as Spill) : this.#mergeAll(part, reduces, order, writeGroup),
        );
        this.#spills = [...merged, ...before.slice(from + fanIn)];
      }
    }
  }

  /** Merges the runs of one reduce task into `file`. */
  merge(reduce: number, file: PendingFile, order: ValueOrder, writeGroup: GroupWriter): void {
    const runs = this.#runsOf(this.#spills, reduce);
    mergeInto(file, runs, bufferBytes(this.#options), order, writeGroup);
  }

  /** Removes all files. */
  discard(): void {
    for (const { file } of this.#spills) this.#options.scratch.remove(file);
    this.#spills = [];
  }

  #mergeAll(
    spills: readonly Spill[],
    reduces: number,
    order: ValueOrder,
    writeGroup: GroupWriter,
  ): Spill {
    const merged = this.#create((file) => {
      const segments: Segment[] = [];
      for (let reduce = 0; reduce < reduces; reduce++) {
        const runs = this.#runsOf(spills, reduce);
        mergeInto(file, runs, bufferBytes(this.#options), order, writeGroup);
        segments.push(file.endSegment());
      }
      return { file, segments };
    });
    for (const { file } of spills) this.#options.scratch.remove(file);
    return merged;
  }

  #runsOf(spills: readonly Spill[], reduce: number): Run[] {
    const files = this.#options.scratch;
    const runs: Run[] = [];
    for (const { segments } of spills) {
      const segment = segments[reduce];
      if (segment !== undefined && segment.end > segment.start) {
        runs.push({ ...segment, files, isWholeFile: false });
      }
    }
    return runs;
  }

  #create(write: (file: PendingFile) => Spill): Spill {
    const { scratch, name } = this.#options;
    const file = scratch.file(`${name}-spill-${this.#created++}`);
    try {
      const spill = write(file);
      file.finish();
      return spill;
    } catch (error) {
      scratch.remove(file);
      throw error;
    }
  }
}

/** Merges runs, no more than fit at a time, and appends the result to `file`. */
export function mergeInto(
  file: PendingFile,
  runs: readonly Run[],
  runBytes: number,
  order: ValueOrder,
  writeGroup: GroupWriter,
): void {
  const merger = mergeRuns(runs, runBytes, order);
  try {
    const writer = new RecordWriter(file);
    while (merger.nextGroup()) {
      writer.begin(merger.key.bytes, merger.key.start, merger.key.end);
      writeGroup(merger, writer);
      writer.end();
    }
  } finally {
    merger.close();
  }
}

/**
 * The size of each buffer of a merge of as many runs as are ever merged at a time; a power of two. It is
 * the same for merges of fewer runs, so that they can use the buffers of others.
 */
export function bufferBytes({
  mergeBytes,
  fanIn,
}: {
  readonly mergeBytes: number;
  readonly fanIn: number;
}): number {
  const share = Math.min(mergeBytes, USUAL_BYTES) / fanIn;
  const size = 2 ** Math.floor(Math.log2(Math.max(1, share)));
  return Math.min(MAX_BUFFER_BYTES, Math.max(MIN_BUFFER_BYTES, size));
}
