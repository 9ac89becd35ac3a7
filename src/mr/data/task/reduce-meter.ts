import type { ProgressMeter } from "./task-context.ts";

/** Progress is reported this often, in groups: seldom enough to cost nothing. */
const GROUPS_PER_REPORT = 256;

/** Reports the progress of a reduce task: each group is a record. In the end records and bytes are exact. */
export class ReduceMeter {
  readonly #progress: ProgressMeter;
  readonly #bytes: () => number;
  #groups = 0;
  #reportedBytes = 0;

  /** @param bytes those that the merge has read so far and those of the output */
  constructor(progress: ProgressMeter, bytes: () => number) {
    this.#progress = progress;
    this.#bytes = bytes;
  }

  addGroup(): void {
    this.#groups += 1;
    if (this.#groups === GROUPS_PER_REPORT) this.report();
  }

  /** Must be called before anything that takes time, since an app that waits uses no processor. */
  report(): void {
    const bytes = this.#bytes();
    const fresh = bytes - this.#reportedBytes;
    this.#reportedBytes = Math.max(bytes, this.#reportedBytes);
    this.#progress.addRecords(this.#groups);
    this.#groups = 0;
    if (fresh > 0) this.#progress.addBytes(fresh);
  }

  /** Renews the lease within a group: reports a byte in advance if the app has written nothing. */
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
    const bytes = this.#bytes();
    if (this.#reportedBytes > bytes) this.#progress.addBytes(bytes - this.#reportedBytes);
  }
}
