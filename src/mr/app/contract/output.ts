import type { ByteSlice } from "./byte-slice.ts";

/** Where output lines are written. */
export interface OutputSink {
  /** Appends bytes. */
  bytes(bytes: Uint8Array, start: number, end: number): void;
  /** Appends a string as UTF-8, lone surrogates in three bytes. */
  text(text: string): void;
}

/**
 * How one output of `reduce` becomes a line.
 *
 * @typeParam Out what it can write
 */
export interface Output<Out> {
  /** For error messages. */
  readonly name: string;
  /**
   * Writes a whole line, line end included.
   *
   * @throws TypeError when `value` is nothing this format can write
   */
  write(key: ByteSlice, value: Out, sink: OutputSink): void;
}
