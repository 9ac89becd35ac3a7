import type { InputSource } from "../app/contract/reader.ts";
import { encodeUtf8 } from "../base/utf8.ts";

/** A file that exists in memory only, for a reader to read. */
export class MemoryInput implements InputSource {
  readonly file: string;
  readonly start = 0;
  readonly end: number;
  readonly #bytes: Uint8Array;

  constructor(file: string, contents: string | Uint8Array) {
    this.file = file;
    this.#bytes = typeof contents === "string" ? encodeUtf8(contents) : contents;
    this.end = this.#bytes.length;
  }

  read(target: Uint8Array, from: number, position: number): number {
    const part = this.#bytes.subarray(position, position + target.length - from);
    target.set(part, from);
    return part.length;
  }
}
