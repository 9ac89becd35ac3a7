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
 * @returns the number of bytes read
 * @throws the system's error when it cannot be read
 */
export async function readLines(
  storage: Storage,
  path: string,
  onLine: (line: OutputLine) => boolean | undefined,
): Promise<number> {
  const held = new HeldLine();
  const buffer = Buffer.allocUnsafe(READ_BYTES);
  const file = await storage.open(path);
  try {
    for (let total = 0; ; ) {
      const read = await file.read(buffer, 0, READ_BYTES, total);
      if (read === 0) {
        if (!held.isEmpty) onLine(held.endWith(Buffer.alloc(0)));
        return total;
      }
      total += read;
      const chunk = buffer.subarray(0, read);
      let start = 0;
      for (;;) {
        const end = chunk.indexOf(LINE_FEED, start);
        if (end === -1) break;
        const rest = chunk.subarray(start, end);
        const line = held.isEmpty ? { bytes: rest, length: rest.length } : held.endWith(rest);
        if (onLine(line) === false) return total;
        start = end + 1;
      }
      held.add(Buffer.from(chunk.subarray(start)));
    }
  } finally {
    file.close();
  }
}

/** The beginning of a line whose end has not been read yet. */
class HeldLine {
  #pieces: Buffer[] = [];
  #kept = 0;
  #length = 0;

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  add(piece: Buffer): void {
    const room = MAX_LINE_BYTES - this.#kept;
    if (piece.length > 0 && room > 0) this.#pieces.push(piece.subarray(0, room));
    this.#kept += Math.min(room, piece.length);
    this.#length += piece.length;
  }

  endWith(piece: Buffer): OutputLine {
    this.add(piece);
    const line = { bytes: Buffer.concat(this.#pieces), length: this.#length };
    this.#pieces = [];
    this.#kept = 0;
    this.#length = 0;
    return line;
  }
}
