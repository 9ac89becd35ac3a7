import type { Storage } from "../../storage/storage.ts";

/** Longer lines are cut to this length; their whole length is counted. */
const MAX_LINE_BYTES = 65_536;
const READ_BYTES = 262_144;
const LINE_FEED = 10;

/** A line without its line feed: a view of a reused buffer, valid until the next line. */
export interface OutputLine {
  readonly bytes: Buffer;
  /** The length of the whole line in bytes, which may be more than that of `bytes`. */
  readonly length: number;
}

/**
 * Reads the lines of a file in bounded memory, however long they are.
 *
 * @param onLine returns false to stop
 * @throws the system's error when it cannot be read
 */
export async function readLines(
  storage: Storage,
  path: string,
  onLine: (line: OutputLine) => boolean | undefined,
): Promise<number> {
  /** The beginning of a line whose end has not been read yet, and its whole length so far. */
  let held = Buffer.alloc(0);
  let length = 0;
  const hold = (piece: Buffer) => {
    const room = MAX_LINE_BYTES - held.length;
    if (room > 0) held = Buffer.concat([held, piece.subarray(0, room)]);
    length += piece.length;
  };
  const endWith = (piece: Buffer): OutputLine => {
    if (length === 0) return { bytes: piece, length: piece.length };
    hold(piece);
    const line = { bytes: held, length };
    held = Buffer.alloc(0);
    length = 0;
    return line;
  };
  const buffer = Buffer.allocUnsafe(READ_BYTES);
  const file = await storage.open(path);
  try {
    for (let total = 0; ; ) {
      const read = await file.read(buffer, 0, READ_BYTES, total);
      if (read === 0) {
        if (length > 0) onLine(endWith(Buffer.alloc(0)));
        return total;
      }
      total += read;
      const chunk = buffer.subarray(0, read);
      let start = 0;
      for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
        if (onLine(endWith(chunk.subarray(start, end))) === false) return total;
        start = end + 1;
      }
      hold(chunk.subarray(start));
    }
  } finally {
    file.close();
  }
}
