import type { ResumeToken, Splitting } from "../../job/split.ts";
import type { BlockScanner } from "../../kernel/kernel.ts";
import type { WordScan } from "../text/word-scan.ts";

/** The source that a reader reads from: one split of an input. */
export interface InputSource {
  /** The input as the user named it. */
  readonly file: string;
  /** The beginning of the split, in bytes of the (uncompressed) file; see {@link Split}. */
  readonly start: number;
  /** The end of the split, in bytes; the last record may extend beyond it. */
  readonly end: number;
  /** The token of the reader for starting at {@link start}, if it needs one. */
  readonly resume?: ResumeToken | undefined;
  /**
   * Reads from `position`, which must not decrease from call to call.
   *
   * @param target receives at least one byte, beginning at `from`
   * @returns the number of bytes read, 0 at the end of the file; a promise for compressed files
   * @throws MrError when the file cannot be read
   */
  read(target: Uint8Array, from: number, position: number): number | Promise<number>;
}

/**
 * Iterates over the records of a split. Records that are loaded are available without waiting.
 *
 * @typeParam R a record; may be an object that is reused for the next one
 */
export interface RecordCursor<R> {
  /** The next loaded record; undefined if {@link load} must be called first. */
  next(): R | undefined;
  /** Loads more; false at the end of the split. */
  load(): boolean | Promise<boolean>;
  /** The offset of the last record in bytes; −1 if it is unknown. */
  readonly offset: number;
  /** The place of the last record for messages, such as `line 3, column 7`; undefined if the offset is enough. */
  readonly place?: string;
  /** The number of malformed records that were skipped; only with `skipBadRecords`. */
  readonly skipped?: number;
  /** Frees the resources of the cursor, except the source. */
  close?(): void;
}

/** How to read records. */
export interface ReadOptions {
  /** Skip and count malformed records instead of throwing. */
  readonly skipBadRecords: boolean;
  /** Called for each skipped record with its place in the file, such as `line 3, column 7`, and the reason. */
  readonly onSkipped?: (place: string, reason: string) => void;
  /**
   * Called for a record whose text is not what is in the file, because its bytes are not text in the encoding. The
   * record is given nevertheless.
   */
  readonly onReplaced?: (place: string, reason: string) => void;
  /**
   * The maximum length of a record in bytes; by default 536,870,888, the longest string of V8. `csv()` has
   * a limit of its own, because it must be known where files are split.
   */
  readonly maxRecordBytes?: number;
  /**
   * Says that the reader is alive, which renews the lease of its task. A reader that waits without using the
   * processor and without reading its source calls it at least once a lease (10 seconds by default). Throws when the
   * task has been given to another worker; let that error pass.
   */
  readonly progress: () => void;
  /** Memory to read into, and the scanner of its lines. */
  readonly scanner: BlockScanner;
  /** The words of the scanner's block. A reader that reads into the block calls its `reset`. */
  readonly words: WordScan;
}

/**
 * Makes records of a file: `lines()`, `csv()`, … or a reader of your own.
 *
 * The easiest way to write one is a generator in {@link recordsFrom}; this interface is for speed.
 *
 * @typeParam R the records that `map` gets
 */
export interface Reader<R> {
  /** The name in error messages. */
  readonly name: string;
  /** Where files may be split. */
  readonly splitting: Splitting;
  /** Starts reading. */
  open(source: InputSource, options: ReadOptions): RecordCursor<R>;
}
