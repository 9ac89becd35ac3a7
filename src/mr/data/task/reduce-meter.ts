import type { PendingFile } from "../../storage/pending-file.ts";
import type { ReduceInput } from "../shuffle/reduce-input.ts";
import type { ProgressMeter } from "./task-context.ts";

/** Progress is told this often, in groups: not so often as to be felt. */
const GROUPS_PER_REPORT = 256;

/**
 * Tells how far a reduce task has come: each group is a record, and bytes are those that the merge has
 * read and those of the output. In the end both are exact.
 */
export class ReduceMeter {
  readonly #input: ReduceInput;
  readonly #file: PendingFile;
  readonly #progress: ProgressMeter;
  /** Groups that are reduced and not told of. */
  #groups = 0;
  #toldBytes = 0;

  constructor(input: ReduceInput, file: PendingFile, progress: ProgressMeter) {
    this.#input = input;
    this.#file = file;
    this.#progress = progress;
  }

  /** A group is reduced. */
  addGroup(): void {
    this.#groups += 1;
    if (this.#groups === GROUPS_PER_REPORT) this.tell();
  }

  /** Tells what there is to tell: before whatever takes time, since an app that waits uses no processor. */
  tell(): void {
    const bytes = this.#bytes;
    const fresh = bytes - this.#toldBytes;
    this.#toldBytes = Math.max(bytes, this.#toldBytes);
    this.#progress.addRecords(this.#groups);
    this.#groups = 0;
    if (fresh > 0) this.#progress.addBytes(fresh);
  }

  /**
   * The app has got on within a group. It keeps its lease by that, even if it has written nothing: then
   * a byte is told ahead of those to come.
   */
  tick(): void {
    const before = this.#toldBytes;
    this.tell();
    if (this.#toldBytes > before) return;
    this.#progress.addBytes(1);
    this.#toldBytes += 1;
  }

  /** All groups are reduced. */
  end(): void {
    this.tell();
    // What was told ahead, and has not come.
    if (this.#toldBytes > this.#bytes) this.#progress.addBytes(this.#bytes - this.#toldBytes);
  }

  get #bytes(): number {
    return this.#input.bytesRead + this.#file.bytesWritten;
  }
}
