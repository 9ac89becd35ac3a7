import type { ResumeToken, Splitting } from "../../job/split.ts";
import type { BlockScanner } from "../../kernel/kernel.ts";
import type { WordScan } from "../text/word-scan.ts";

/** What a reader reads from. */
export interface InputSource {
  /** The input as the user named it. */
  readonly file: string;
  /** Where its split begins, in bytes of the (uncompressed) file; see {@link Split}. */
  readonly start: number;
  /** Where its split ends, in bytes; the last record may go on beyond it. */
  readonly end: number;
  /** What the reader said when the file was cut here, if it needs anything to start at {@link start}. */
  readonly resume?: ResumeToken | undefined;
  /**
   * Reads on from `position`, which must not go back.
   *
   * @param target is filled from its `from` on, with one or more bytes
   * @returns how many bytes were read, 0 at the end of the file; a promise for compressed files
   * @throws MrError when the file cannot be read
   */
  read(target: Uint8Array, from: number, position: number): number | Promise<number>;
}

/**
 * Steps through the records of a split. What is loaded can be gone through without waiting.
 *
 * @typeParam R a record; may be one object that is reused
 */
export interface RecordCursor<R> {
  /** The next record that is loaded, or undefined when {@link load} must be called. */
  next(): R | undefined;
  /** Loads more; false at the end of the split. */
  load(): boolean | Promise<boolean>;
  /** Where the record last given begins, in bytes; −1 when unknown. */
  readonly offset: number;
  /** Where in the file it is, for people, such as `line 3, column 7`; undefined if offset says all. */
  readonly place?: string;
  /** Records left out because they are malformed; they are only with `skipBadRecords`. */
  readonly skipped?: number;
  /** Frees what the cursor holds, except the source. */
  close?(): void;
}

/** How records are to be read. */
export interface ReadOptions {
  /** Leave malformed records out and count them, rather than throw. */
  readonly skipBadRecords: boolean;
  /**
   * To be told of each record left out: where it is in the file, such as `line 3, column 7`, and what is
   * wrong with it.
   */
  readonly onSkipped?: (place: string, reason: string) => void;
  /**
   * The longest record there may be, in bytes; V8's longest string, 536,870,888, unless told. `csv()` has
   * a limit of its own, which must be known where files are cut.
   */
  readonly maxRecordBytes?: number;
  /** Memory to read into, and what finds lines in it. */
  readonly scanner: BlockScanner;
  /** To be told which text is in the scanner's block, for slices that are given it. */
  readonly words: WordScan;
}

/**
 * A way to make records of a file: `lines()`, `csv()`, … or your own.
 *
 * A reader of your own that needs no speed is a generator in {@link recordsFrom}.
 *
 * @typeParam R what `map` gets
 */
export interface Reader<R> {
  /** For error messages. */
  readonly name: string;
  /** Where its files may be cut. */
  readonly splitting: Splitting;
  /** Starts reading. */
  open(source: InputSource, options: ReadOptions): RecordCursor<R>;
}
