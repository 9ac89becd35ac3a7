import type { InputSource, Reader, RecordCursor } from "../../app/contract/reader.ts";

/** What a reader of one's own is given. */
export interface RecordSource {
  /** The input as the user named it. */
  readonly file: string;
  /** The bytes of the whole file, decompressed, a chunk at a time; each chunk is a new array. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

const CHUNK_BYTES = 256 * 1024;

/**
 * Makes a reader of a function that turns the bytes of a file into records. Files are not split.
 *
 * ```ts
 * const paragraphs = recordsFrom("paragraphs", async function* ({ chunks }) { … yield text; … });
 * ```
 *
 * @param name for error messages
 * @param read gives the records of one file, in order; an error it throws fails the task
 */
export function recordsFrom<R>(
  name: string,
  read: (source: RecordSource) => Iterable<R> | AsyncIterable<R>,
): Reader<R> {
  return {
    name,
    splitting: "wholeFile",
    open(source) {
      const records = read({ file: source.file, chunks: chunksOf(source, 0, source.end) });
      return Symbol.asyncIterator in records
        ? new AsyncCursor(records[Symbol.asyncIterator]())
        : new SyncCursor(records[Symbol.iterator]());
    },
  };
}

/** The bytes of a source in [start, end), as far as there are any. */
export async function* chunksOf(
  source: InputSource,
  start: number,
  end: number,
): AsyncGenerator<Uint8Array> {
  for (let position = start; position < end; ) {
    const chunk = new Uint8Array(Math.min(CHUNK_BYTES, end - position));
    const reading = source.read(chunk, 0, position);
    const count = typeof reading === "number" ? reading : await reading;
    if (count === 0) return;
    position += count;
    yield chunk.subarray(0, count);
  }
}

class SyncCursor<R> implements RecordCursor<R> {
  readonly offset = -1;
  readonly #records: Iterator<R>;
  #number = 0;
  #isLoaded = false;

  constructor(records: Iterator<R>) {
    this.#records = records;
  }

  get place(): string {
    return `record ${this.#number}`;
  }

  next(): R | undefined {
    const { done, value } = this.#records.next();
    if (done === true) return undefined;
    this.#number += 1;
    return value;
  }

  load(): boolean {
    if (this.#isLoaded) return false;
    this.#isLoaded = true;
    return true;
  }

  close(): void {
    this.#records.return?.();
  }
}

/** Loads one record at a time. */
class AsyncCursor<R> implements RecordCursor<R> {
  readonly offset = -1;
  readonly #records: AsyncIterator<R>;
  #number = 0;
  #loaded: R | undefined;

  constructor(records: AsyncIterator<R>) {
    this.#records = records;
  }

  get place(): string {
    return `record ${this.#number}`;
  }

  next(): R | undefined {
    const record = this.#loaded;
    this.#loaded = undefined;
    return record;
  }

  async load(): Promise<boolean> {
    const { done, value } = await this.#records.next();
    if (done === true) return false;
    this.#number += 1;
    this.#loaded = value;
    return true;
  }

  close(): void {
    // Whoever stops early has nobody to tell that closing failed.
    this.#records.return?.().catch(() => undefined);
  }
}
