import type { ByteSlice } from "./byte-slice.ts";

/** The destination of output lines. */
export interface OutputSink {
  /** Appends bytes. */
  bytes(bytes: Uint8Array, start: number, end: number): void;
  /** Appends a string as UTF-8, lone surrogates in three bytes. */
  text(text: string): void;
}

/**
 * An output format: writes one output of `reduce` as a line.
 *
 * @typeParam Out the values that it can write
 */
export interface Output<Out> {
  /** The name in error messages. */
  readonly name: string;
  /**
   * Writes a whole line with its line end.
   *
   * @throws TypeError if this format can't write `value`
   */
  write(key: ByteSlice, value: Out, sink: OutputSink): void;
}
