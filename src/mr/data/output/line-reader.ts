import { describeCause, MrError } from "../../base/errors.ts";
import type { OutputFile } from "../../job/task.ts";
import { Summary } from "../../storage/check-file.ts";
import type { LocalFile, LocalFiles } from "../../storage/storage.ts";

const BUFFER_BYTES = 64 * 1024;
const LINE_FEED = 10;

/** A file of lines, with what was written into it if that is known. */
export interface LineFile {
  /** Full path. */
  readonly path: string;
  readonly written?: Pick<OutputFile, "bytes" | "crc32" | "lines"> | undefined;
}

/** Steps through the lines of a file. The current line is bytes[start, end), its line feed included. */
export class LineReader {
  bytes: Buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  start = 0;
  end = 0;
  readonly #path: string;
  readonly #written: LineFile["written"];
  readonly #file: LocalFile;
  readonly #found = new Summary();
  /** The bytes that have been read and not yet passed are bytes[start, filled). */
  #filled = 0;
  #isAtEnd = false;
  #lines = 0;

  /** @throws MrError when the file cannot be opened */
  constructor(files: LocalFiles, { path, written }: LineFile) {
    this.#path = path;
    this.#written = written;
    this.#file = this.#attempt(() => files.open(path));
  }

  /**
   * Moves to the next line; false after the last one. A last line without a line feed gets one.
   *
   * @throws MrError `OUTPUT_UNREADABLE` when the file can't be read, or is not what was written; `OUTPUT_MULTILINE`
   *   at its end, when it has more lines than were written
   */
  next(): boolean {
    this.start = this.end;
    let from = this.start;
    for (;;) {
      const lineFeed = this.bytes.subarray(0, this.#filled).indexOf(LINE_FEED, from);
      if (lineFeed !== -1) {
        this.end = lineFeed + 1;
        this.#lines += 1;
        return true;
      }
      if (this.#isAtEnd) {
        if (this.start === this.#filled) {
          this.#checkLines();
          return false;
        }
        this.#reserve();
        this.bytes[this.#filled++] = LINE_FEED;
        this.end = this.#filled;
        return true;
      }
      from = this.#filled - this.start;
      this.#fill();
    }
  }

  close(): void {
    this.#file.close();
  }

  #fill(): void {
    this.#reserve();
    const { bytes } = this;
    const count = this.#attempt(() => {
      return this.#file.read(bytes, this.#filled, bytes.length, this.#found.bytes);
    });
    if (this.#written !== undefined) {
      if (count > 0) this.#found.add(bytes.subarray(this.#filled, this.#filled + count));
      else this.#found.check(this.#path, this.#written);
    } else this.#found.bytes += count;
    this.#filled += count;
    this.#isAtEnd = count === 0;
  }

  #checkLines(): void {
    const written = this.#written?.lines;
    if (written === undefined || this.#lines <= written) return;
    const found = `it has ${this.#lines} lines, and reduce has made ${written}`;
    const why = `a key or a value contains a line feed (${found})`;
    const hint = "use the output format tsv() or jsonLines(), or leave line feeds out";
    throw new MrError(
      "OUTPUT_MULTILINE",
      `The lines of output "${this.#path}" do not belong to one key each: ${why}; ${hint}`,
    );
  }

  /** Makes room: moves the incomplete line to the front, of a larger buffer if need be. */
  #reserve(): void {
    const length = this.#filled - this.start;
    const { bytes } = this;
    if (2 * length > bytes.length) this.bytes = Buffer.allocUnsafeSlow(2 * bytes.length);
    bytes.copy(this.bytes, 0, this.start, this.#filled);
    this.start = 0;
    this.#filled = length;
  }

  #attempt<T>(operation: () => T): T {
    try {
      return operation();
    } catch (error) {
      const why = describeCause(error);
      throw new MrError("OUTPUT_UNREADABLE", `Cannot read output "${this.#path}": ${why}`);
    }
  }
}
