import type { InputSource, Reader, ReadOptions, RecordCursor } from "../../app/contract/reader.ts";
import { noteGiven } from "../../base/utf8.ts";
import { type FileInput, type FileOptions, fileInput, MAX_MARK_BYTES } from "./encoding.ts";
import { Utf8Check } from "./utf8-check.ts";

/** The file that a reader made by {@link recordsFrom} reads. */
export interface RecordSource {
  /** The input as the user named it. */
  readonly file: string;
  /** The bytes of the whole file, decompressed, a chunk at a time; each chunk is a new array. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** The same as {@link ReadOptions.progress}: a generator that waits for a request or another process calls it. */
  readonly progress: () => void;
}

const CHUNK_BYTES = 256 * 1024;

/**
 * Makes a reader from a function that turns the bytes of a file into records. Files are not split.
 *
 * ```ts
 * const paragraphs = recordsFrom("paragraphs", async function* ({ chunks }) { … yield text; … });
 * ```
 *
 * With an `encoding`, files are text: the chunks are UTF-8 if a file is in that encoding or begins with a byte
 * order mark of UTF-16, and they have no byte order mark. Bytes that are not UTF-8 in a file that is said to be are
 * kept, and the file is counted as `files-not-utf8`. Without the option, the chunks have all bytes as they are, and
 * a file with a byte order mark of UTF-16 or UTF-32 is refused; with `encoding: false` it is read, too.
 *
 * @param name for error messages
 * @param read gives the records of one file, in order; an error it throws fails the task
 * @throws TypeError for an encoding that is unknown
 */
export function recordsFrom<R>(
  name: string,
  read: (source: RecordSource) => Iterable<R> | AsyncIterable<R>,
  options: FileOptions = {},
): Reader<R> {
  const input = fileInput("recordsFrom", "recordsFrom(…, ", options);
  return {
    name,
    splitting: "wholeFile",
    open(source, { progress }) {
      const chunks = chunksOf(input.textOf(source), input);
      const records = read({ file: source.file, chunks, progress });
      const isAsync = Symbol.asyncIterator in records;
      return cursorOf(isAsync ? records[Symbol.asyncIterator]() : records[Symbol.iterator]());
    },
  };
}

async function* chunksOf(
  source: InputSource,
  { isText, checkBegin }: FileInput,
): AsyncGenerator<Uint8Array> {
  // Bytes of text that are not UTF-8 are reported in any case.
  let check: Utf8Check | undefined = new Utf8Check();
  for (let position = 0; position < source.end; ) {
    const chunk = new Uint8Array(Math.min(CHUNK_BYTES, source.end - position));
    // The first chunk has the whole byte order mark.
    const count = await fill(source, chunk, position, position === 0 ? MAX_MARK_BYTES : 1);
    if (position === 0) checkBegin(source.file, chunk.subarray(0, count));
    const bytes = chunk.subarray(0, count);
    const invalid = check?.invalidIn(bytes);
    if (invalid !== undefined) {
      noteGiven(invalid, isText);
      check = undefined;
    }
    if (count === 0) return;
    position += count;
    yield bytes;
  }
}

/** Reads at least `wanted` bytes if there are so many. @returns how many were read */
async function fill(
  source: InputSource,
  chunk: Uint8Array,
  position: number,
  wanted: number,
): Promise<number> {
  let filled = 0;
  while (filled < Math.min(wanted, chunk.length)) {
    const reading = source.read(chunk, filled, position + filled);
    const count = typeof reading === "number" ? reading : await reading;
    if (count === 0) break;
    filled += count;
  }
  return filled;
}

function cursorOf<R>(records: Iterator<R> | AsyncIterator<R>): RecordCursor<R> {
  let number = 0;
  let loaded: R | undefined;
  const take = ({ done, value }: IteratorResult<R>): boolean => {
    if (done === true) return false;
    number += 1;
    loaded = value;
    return true;
  };
  return {
    offset: -1,
    get place() {
      return number === 0 ? "its beginning" : `record ${number}`;
    },
    next() {
      const record = loaded;
      loaded = undefined;
      return record;
    },
    load() {
      const result = records.next();
      return "then" in result ? result.then(take) : take(result);
    },
    close() {
      const closing = records.return?.();
      // Reading has ended or failed already: an error of closing would hide that.
      if (closing !== undefined && "then" in closing) closing.catch(() => undefined);
    },
  };
}
