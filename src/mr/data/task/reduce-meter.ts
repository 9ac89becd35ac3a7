import type { PendingFile } from "../../storage/pending-file.ts";
import type { GroupSource } from "../shuffle/group-source.ts";
import type { MergePasses } from "../shuffle/merge-passes.ts";
import type { ProgressMeter } from "./task-context.ts";

/** Progress is reported this often, in groups: seldom enough to cost nothing. */
const GROUPS_PER_REPORT = 256;

/**
 * Reports the progress of a reduce task: each group is a record, and bytes are those that the merge has
 * read and those of the output. In the end both are exact.
 */
export class ReduceMeter {
  readonly #passes: MergePasses;
  readonly #merger: GroupSource;
  readonly #file: PendingFile;
  readonly #progress: ProgressMeter;
  /** Groups that are reduced and not yet reported. */
  #groups = 0;
  #reportedBytes = 0;

  constructor(
    passes: MergePasses,
    merger: GroupSource,
    file: PendingFile,
    progress: ProgressMeter,
  ) {
    this.#passes = passes;
    this.#merger = merger;
    this.#file = file;
    this.#progress = progress;
  }

  /** A group is reduced. */
  addGroup(): void {
    this.#groups += 1;
    if (this.#groups === GROUPS_PER_REPORT) this.report();
  }

  /** Must be called before anything that takes time, since an app that waits uses no processor. */
  report(): void {
    const bytes = this.#bytes;
    const fresh = bytes - this.#reportedBytes;
    this.#reportedBytes = Math.max(bytes, this.#reportedBytes);
    this.#progress.addRecords(this.#groups);
    this.#groups = 0;
    if (fresh > 0) this.#progress.addBytes(fresh);
  }

  /**
   * The app has advanced within a group, which must renew its lease even if it has written nothing: then
   * one byte is reported in advance.
   */
  tick(): void {
    const before = this.#reportedBytes;
    this.report();
    if (this.#reportedBytes > before) return;
    this.#progress.addBytes(1);
    this.#reportedBytes += 1;
  }

  /** All groups are reduced. */
  end(): void {
    this.report();
    // Takes back what was reported in advance.
    if (this.#reportedBytes > this.#bytes) {
      this.#progress.addBytes(this.#bytes - this.#reportedBytes);
    }
  }

  get #bytes(): number {
    return this.#passes.bytesRead + this.#merger.bytesRead + this.#file.bytesWritten;
  }
}
