import type { ByteSlice } from "../../app/contract/byte-slice.ts";
import { numberFoldKind } from "../../app/contract/combiners.ts";
import type { PendingFile, Segment } from "../../storage/pending-file.ts";
import type { Scratch } from "../../storage/storage.ts";
import { type Combine, combineGroup } from "./combine-group.ts";
import { mergeRuns, type ValueOrder } from "./group-source.ts";
import { RecordWriter } from "./record-writer.ts";
import type { Run } from "./run-file.ts";

const MAX_BUFFER_BYTES = 256 * 1024;
const MIN_BUFFER_BYTES = 8 * 1024;
/** For all buffers of a merge, unless that makes them too small: larger ones save next to no time. */
const MAX_MERGE_BYTES = 4 * 1024 * 1024;

export interface MergeOptions {
  /** For the temporary files, which the caller discards in the end. */
  readonly scratch: Scratch;
  /** The beginning of their names, such as `mr-3-spill`. */
  readonly name: string;
  readonly reduces: number;
  /** How many runs are merged at a time, 2 or more. */
  readonly fanIn: number;
  /** For all buffers of a merge together. */
  readonly mergeBytes: number;
  readonly order: ValueOrder | undefined;
  /** Combines the values of each key in every pass. */
  readonly combine: Combine | undefined;
  /**
   * Called before each merge with a `combine` of the app's own, which may lose bytes that are not UTF-8.
   *
   * @param key that of the group at hand, always the same object
   * @param keys counts the groups of all merges
   */
  readonly watchLoss: (key: ByteSlice, keys: { readonly read: number }) => { end(): void };
}

/** One sorted run per reduce task, undefined or empty where there are no pairs for it. */
interface RunSet {
  readonly runs: readonly Run[];
  /** The temporary file that has the runs, if they are in one. */
  readonly file?: PendingFile;
}

/**
 * Sorted runs of one attempt, in the order that decides between equal keys. If there are more of them than
 * are merged at a time, neighbours are merged into temporary files first, in as many passes as it takes.
 */
export class MergePasses {
  readonly bufferBytes: number;
  readonly #options: MergeOptions;
  #sets: RunSet[];
  #created = 0;
  spills = 0;
  bytesRead = 0;
  readonly #keys = { read: 0 };

  /** @param runs to begin with, all of one reduce task */
  constructor(options: MergeOptions, runs: readonly Run[] = []) {
    this.bufferBytes = bufferBytes(options);
    this.#options = options;
    this.#sets = runs.map((run) => ({ runs: [run] }));
  }

  /** Adds runs that `write` puts into a new file, of which it returns the segments, one per reduce task. */
  spill(write: (file: PendingFile) => Segment[]): void {
    this.spills += 1;
    this.#sets.push(this.#create(write));
  }

  /** Merges neighbours until there are no more runs of a reduce task than are merged at a time. */
  reduceToFanIn(): void {
    const { fanIn } = this.#options;
    while (this.#sets.length > fanIn) {
      const merged: RunSet[] = [];
      const before = this.#sets;
      for (let from = 0; from < before.length; from += fanIn) {
        const part = before.slice(from, from + fanIn);
        merged.push(part.length === 1 ? (part[0] as RunSet) : this.#mergeSets(part));
        this.#sets = [...merged, ...before.slice(from + fanIn)];
      }
    }
  }

  runsOf(reduce: number): Run[] {
    return runsIn(this.#sets, reduce);
  }

  #mergeSets(sets: readonly RunSet[]): RunSet {
    const merged = this.#create((file) => {
      const segments: Segment[] = [];
      for (let reduce = 0; reduce < this.#options.reduces; reduce++) {
        const runs = runsIn(sets, reduce);
        for (const { start, end } of runs) this.bytesRead += end - start;
        this.merge(runs, file);
        segments.push(file.endSegment());
      }
      return segments;
    });
    for (const { file } of sets) if (file !== undefined) this.#options.scratch.remove(file);
    return merged;
  }

  merge(runs: readonly Run[], file: PendingFile): void {
    const { order, combine, watchLoss } = this.#options;
    const merger = mergeRuns(runs, this.bufferBytes, order);
    const isOwn = typeof combine === "function" && numberFoldKind(combine) === undefined;
    const watch = isOwn ? watchLoss(merger.key, this.#keys) : undefined;
    try {
      const writer = new RecordWriter(file);
      while (merger.nextGroup()) {
        this.#keys.read += 1;
        writer.begin(merger.key.bytes, merger.key.start, merger.key.end);
        combineGroup(merger, writer, combine);
        writer.end();
      }
    } finally {
      watch?.end();
      merger.close();
    }
  }

  #create(write: (file: PendingFile) => Segment[]): RunSet {
    const { scratch: files, name } = this.#options;
    const file = files.file(`${name}-${this.#created++}`);
    const segments = write(file);
    file.finish();
    return { file, runs: segments.map((segment) => ({ ...segment, files, isWholeFile: false })) };
  }
}

/** The runs of a reduce task that are not empty. */
function runsIn(sets: readonly RunSet[], reduce: number): Run[] {
  const runs = sets.map((set) => set.runs[reduce]);
  return runs.filter((run) => run !== undefined && run.end > run.start) as Run[];
}

/**
 * The size of each buffer of a merge of as many runs as are ever merged at a time; a power of two. It is
 * the same for merges of fewer runs, so that they can use the buffers of others.
 */
function bufferBytes({ mergeBytes, fanIn }: MergeOptions): number {
  const share = Math.min(mergeBytes, MAX_MERGE_BYTES) / fanIn;
  const size = 2 ** Math.floor(Math.log2(Math.max(1, share)));
  return Math.min(MAX_BUFFER_BYTES, Math.max(MIN_BUFFER_BYTES, size));
}
