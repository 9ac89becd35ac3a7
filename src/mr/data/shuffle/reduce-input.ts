import type { Scratch } from "../../storage/storage.ts";
import type { ValueOrder } from "./group-merger.ts";
import { type GroupSource, mergeRuns } from "./group-source.ts";
import type { Run } from "./run-file.ts";
import { bufferBytes, type GroupWriter, mergeInto } from "./spill-files.ts";

export interface ReduceInputOptions {
  /** Gets the temporary files, which the caller discards. */
  readonly scratch: Scratch;
  /** What the names of temporary files begin with, such as `mr-out-3`. */
  readonly name: string;
  /** How many runs are merged at a time, 2 or more. */
  readonly fanIn: number;
  /** For all buffers of a merge together. */
  readonly mergeBytes: number;
  readonly order: ValueOrder;
  /** Writes a group between two passes. */
  readonly writeGroup: GroupWriter;
}

/**
 * All map outputs of one reduce task as one merged sequence. When there are more of them than are merged
 * at a time, neighbours are first merged into temporary files, in as many passes as it takes.
 */
export class ReduceInput {
  readonly merger: GroupSource;
  readonly #options: ReduceInputOptions;
  #created = 0;
  /** What was read to merge runs into temporary files. */
  #passBytes = 0;

  /**
   * @param runs in the order of the map tasks
   * @throws DamagedRunError when one of them is not what it should be
   */
  constructor(runs: readonly Run[], options: ReduceInputOptions) {
    this.#options = options;
    let left = runs;
    while (left.length > options.fanIn) left = this.#pass(left);
    this.merger = mergeRuns(left, bufferBytes(options), options.order);
  }

  /** How many bytes have been read so far, in all passes. */
  get bytesRead(): number {
    return this.#passBytes + this.merger.bytesRead;
  }

  close(): void {
    this.merger.close();
  }

  #pass(runs: readonly Run[]): Run[] {
    const { scratch, name, fanIn, order, writeGroup } = this.#options;
    const runBytes = bufferBytes(this.#options);
    const merged: Run[] = [];
    for (let from = 0; from < runs.length; from += fanIn) {
      const part = runs.slice(from, from + fanIn);
      const [only] = part;
      if (part.length === 1 && only !== undefined) {
        merged.push(only);
        continue;
      }
      const file = scratch.file(`${name}-merge-${this.#created++}`);
      for (const { start, end } of part) this.#passBytes += end - start;
      mergeInto(file, part, runBytes, order, writeGroup);
      merged.push({ ...file.endSegment(), files: scratch, isWholeFile: true });
      file.finish();
    }
    return merged;
  }
}
