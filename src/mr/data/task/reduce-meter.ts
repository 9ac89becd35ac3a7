import type { ProgressMeter } from "./task-context.ts";

/** Progress is reported this often, in groups: seldom enough to cost nothing. */
const GROUPS_PER_REPORT = 256;

/**
 * Reports the progress of a reduce task: each group is a record, and bytes are those of the map outputs. In the end
 * both are exact.
 */
export class ReduceMeter {
  readonly #progress: ProgressMeter;
  readonly #totalBytes: number;
  readonly #bytesRead: () => number;
  #groups = 0;
  #reportedBytes = 0;

  /**
   * @param totalBytes the lengths of the map outputs
   * @param bytesRead how many bytes the merge has read so far, more than that if it has several passes
   */
  constructor(progress: ProgressMeter, totalBytes: number, bytesRead: () => number) {
    this.#progress = progress;
    this.#totalBytes = totalBytes;
    this.#bytesRead = bytesRead;
  }

  addGroup(): void {
    this.#groups += 1;
    if (this.#groups === GROUPS_PER_REPORT) this.report();
  }

  /** Must be called before anything that takes time, since an app that waits uses no processor. */
  report(): void {
    const bytes = Math.min(this.#bytesRead(), this.#totalBytes);
    const fresh = bytes - this.#reportedBytes;
    this.#reportedBytes = Math.max(bytes, this.#reportedBytes);
    this.#progress.addRecords(this.#groups);
    this.#groups = 0;
    if (fresh > 0) this.#progress.addBytes(fresh);
  }

  /** Renews the lease within a group: reports a byte in advance if nothing has been read. */
  tick(): void {
    const before = this.#reportedBytes;
    this.report();
    if (this.#reportedBytes > before) return;
    this.#progress.addBytes(1);
    this.#reportedBytes += 1;
  }

  /** All groups are reduced. Corrects bytes that were reported in advance. */
  end(): void {
    this.report();
    this.#progress.addBytes(this.#totalBytes - this.#reportedBytes);
  }
}
