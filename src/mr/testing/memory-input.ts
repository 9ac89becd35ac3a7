import { encodeUtf8 } from "../base/utf8.ts";
import type { OpenInput } from "../data/input/open-input.ts";

/** A file that exists in memory only, for a reader to read. */
export class MemoryInput implements OpenInput {
  readonly file: string;
  readonly start = 0;
  readonly end: number;
  bytesRead = 0;
  readonly #bytes: Uint8Array;

  constructor(file: string, contents: string | Uint8Array) {
    this.file = file;
    this.#bytes = typeof contents === "string" ? encodeUtf8(contents) : contents;
    this.end = this.#bytes.length;
  }

  read(target: Uint8Array, from: number, position: number): number {
    const part = this.#bytes.subarray(position, position + target.length - from);
    target.set(part, from);
    this.bytesRead += part.length;
    return part.length;
  }

  close(): void {
    // There is nothing to close.
  }
}
