import { crc32 } from "node:zlib";
import { describeCause, errorCode, MrError } from "../../base/errors.ts";
import type { Segment } from "../../storage/pending-file.ts";
import type { LocalFile, LocalFiles } from "../../storage/storage.ts";

/** A run differs from the one that its map task reported. */
export class DamagedRunError extends MrError {
  override name = "DamagedRunError";
  readonly path: string;

  constructor(path: string, why: string) {
    super("SHUFFLE_DAMAGED", `Cannot read map output "${path}": ${why}`);
    this.path = path;
  }
}

/** A sorted run: a segment of a file, or a whole file. */
export interface Run extends Segment {
  readonly files: LocalFiles;
  /** Whether the file must end where the segment does. */
  readonly isWholeFile: boolean;
}

/**
 * Reads a run from its beginning to its end. Its length and checksum are compared by {@link checkEnd}; no
 * result of its values must be published before.
 */
export class RunFile {
  readonly #run: Run;
  readonly #file: LocalFile;
  #isOpen = true;
  #position: number;
  #crc32 = 0;

  /** @throws DamagedRunError when the file cannot be opened */
  constructor(run: Run) {
    this.#run = run;
    this.#position = run.start;
    try {
      this.#file = run.files.open(run.path);
    } catch (error) {
      // Too many open files in this process: making the run again would not help.
      if (["EMFILE", "ENFILE"].includes(errorCode(error) ?? "")) {
        const why = describeCause(error);
        throw new MrError("OUTPUT_UNREADABLE", `Cannot read map output "${run.path}": ${why}`);
      }
      throw this.damaged(describeCause(error));
    }
  }

  get bytesRead(): number {
    return this.#position - this.#run.start;
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#file.close();
  }

  /** @returns the number of bytes read into target[from, to), 0 at the end of the run. @throws DamagedRunError */
  read(target: Uint8Array, from: number, to: number): number {
    const { start, end, isWholeFile } = this.#run;
    // One byte more of a whole file, to notice if there is one.
    const wanted = Math.min(to - from, end - this.#position + (isWholeFile ? 1 : 0));
    if (wanted <= 0) return 0;
    let count: number;
    try {
      count = this.#file.read(target, from, from + wanted, this.#position);
    } catch (error) {
      throw this.damaged(describeCause(error));
    }
    this.#position += count;
    if (this.#position > end) {
      throw this.damaged(`it is longer than the ${end - start} bytes it should have`);
    }
    this.#crc32 = crc32(target.subarray(from, from + count), this.#crc32);
    return count;
  }

  /** Checks the length and the checksum at the end, and that no bytes (`rest`) follow the last whole line. */
  checkEnd(rest: number): void {
    const { start, end, crc32: expected } = this.#run;
    if (this.#position !== end) {
      throw this.damaged(`it has ${this.#position - start} bytes instead of ${end - start}`);
    }
    if (this.#crc32 !== expected) throw this.damaged("its checksum is wrong");
    if (rest > 0) throw this.damaged("its last line is incomplete");
  }

  /** The error of a line that is not a record. */
  malformed(): DamagedRunError {
    return this.damaged("a line is no record of a key and counted values");
  }

  damaged(why: string): DamagedRunError {
    return new DamagedRunError(this.#run.path, why);
  }
}
