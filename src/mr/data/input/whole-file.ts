import { ByteSlice } from "../../app/contract/byte-slice.ts";
import type { InputSource, Reader, RecordCursor } from "../../app/contract/reader.ts";
import { giveLargeBuffer, takeLargeBuffer } from "../../base/buffer-pool.ts";
import { MAX_RECORD_BYTES } from "../../job/limits.ts";
import { recordTooLong } from "./open-input.ts";

const FIRST_BYTES = 64 * 1024;
/** Copying to a larger buffer takes time; memory that is not written to is free. */
const GROWTH = 8;

/** The one record is the whole file, as a byte slice; all bytes are kept. An empty file is a record. */
export function wholeFile(): Reader<ByteSlice> {
  return {
    name: "wholeFile()",
    splitting: "wholeFile",
    open: (source, { maxRecordBytes = MAX_RECORD_BYTES }) => {
      return new WholeFileCursor(source, maxRecordBytes);
    },
  };
}

class WholeFileCursor implements RecordCursor<ByteSlice> {
  readonly offset = 0;
  readonly #source: InputSource;
  readonly #maxBytes: number;
  #buffer: Buffer | undefined;
  #record: ByteSlice | undefined;
  #state: "unread" | "read" = "unread";

  constructor(source: InputSource, maxBytes: number) {
    this.#source = source;
    this.#maxBytes = maxBytes;
  }

  next(): ByteSlice | undefined {
    const record = this.#record;
    this.#record = undefined;
    return record;
  }

  load(): boolean | Promise<boolean> {
    if (this.#state === "read") return false;
    this.#state = "read";
    return this.#readAll();
  }

  async #readAll(): Promise<boolean> {
    const { file, end } = this.#source;
    const isSizeKnown = end !== Number.MAX_SAFE_INTEGER;
    if (isSizeKnown && end > this.#maxBytes) throw this.#tooLong(file);
    // One byte more than expected, so that reading the whole file also shows its end.
    let buffer = takeLargeBuffer(isSizeKnown ? end + 1 : FIRST_BYTES);
    this.#buffer = buffer;
    let filled = 0;
    for (;;) {
      const reading = this.#source.read(buffer, filled, filled);
      const count = typeof reading === "number" ? reading : await reading;
      if (count === 0) break;
      filled += count;
      if (filled > this.#maxBytes) throw this.#tooLong(file);
      if (filled === buffer.length) {
        const grown = takeLargeBuffer(Math.min(GROWTH * filled, this.#maxBytes + 1));
        grown.set(buffer);
        buffer = grown;
        this.#buffer = grown;
      }
    }
    this.#record = new ByteSlice(buffer, 0, filled);
    return true;
  }

  close(): void {
    if (this.#buffer !== undefined) giveLargeBuffer(this.#buffer);
    this.#buffer = undefined;
    this.#record = undefined;
  }

  #tooLong(file: string): Error {
    return recordTooLong("file that begins", file, 0, this.#maxBytes);
  }
}
