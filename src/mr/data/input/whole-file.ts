import { ByteSlice } from "../../app/contract/byte-slice.ts";
import type { InputSource, Reader, RecordCursor } from "../../app/contract/reader.ts";
import { giveLargeBuffer, takeLargeBuffer } from "../../base/buffer-pool.ts";
import { MAX_RECORD_BYTES } from "../../job/limits.ts";
import { type FileInput, type FileOptions, fileInput } from "./encoding.ts";
import { recordTooLong } from "./open-input.ts";

const FIRST_BYTES = 64 * 1024;
/** Copying to a larger buffer takes time; memory that is not written to is free. */
const GROWTH = 8;

/**
 * The one record is the whole file, as a byte slice; all bytes are kept. An empty file is a record. With an
 * `encoding`, the file is text: it is converted to UTF-8 if it is in another encoding or begins with a byte
 * order mark of UTF-16, and a byte order mark is left out. Without the option, a file with a byte order mark of
 * UTF-16 or UTF-32 is refused; with `encoding: false` it is read, too.
 *
 * @throws TypeError for an encoding that is unknown
 */
export function wholeFile(options: FileOptions = {}): Reader<ByteSlice> {
  const input = fileInput("wholeFile", "wholeFile(", options);
  return {
    name: "wholeFile()",
    splitting: "wholeFile",
    open: (source, { maxRecordBytes = MAX_RECORD_BYTES }) =>
      openWhole(input.textOf(source), maxRecordBytes, input),
  };
}

function openWhole(
  source: InputSource,
  maxBytes: number,
  { checkBegin }: FileInput,
): RecordCursor<ByteSlice> {
  let buffer: Buffer | undefined;
  let record: ByteSlice | undefined;
  let isRead = false;

  async function readAll(): Promise<boolean> {
    const { file, end } = source;
    const tooLong = () => recordTooLong("file that begins", file, 0, maxBytes);
    const isSizeKnown = end !== Number.MAX_SAFE_INTEGER;
    if (isSizeKnown && end > maxBytes) throw tooLong();
    // One byte more than expected, so that reading the whole file also shows its end.
    let target = takeLargeBuffer(isSizeKnown ? end + 1 : FIRST_BYTES);
    buffer = target;
    let filled = 0;
    for (;;) {
      const reading = source.read(target, filled, filled);
      const count = typeof reading === "number" ? reading : await reading;
      if (count === 0) break;
      filled += count;
      if (filled > maxBytes) throw tooLong();
      if (filled === target.length) {
        const grown = takeLargeBuffer(Math.min(GROWTH * filled, maxBytes + 1));
        grown.set(target);
        target = grown;
        buffer = grown;
      }
    }
    checkBegin(file, target.subarray(0, filled));
    record = new ByteSlice(target, 0, filled);
    return true;
  }

  return {
    offset: 0,
    next() {
      const next = record;
      record = undefined;
      return next;
    },
    load() {
      if (isRead) return false;
      isRead = true;
      return readAll();
    },
    close() {
      if (buffer !== undefined) giveLargeBuffer(buffer);
      buffer = undefined;
      record = undefined;
    },
  };
}
