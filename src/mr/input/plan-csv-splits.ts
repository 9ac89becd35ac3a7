import { type FileHandle, open } from "node:fs/promises";
import type { Split } from "../app/reader.ts";
import { describeCause, MrError } from "../errors.ts";
import { CsvScanner } from "./csv-scanner.ts";

const BLOCK_BYTES = 1024 * 1024;
const UTF8_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const UTF16_MARKS = [Buffer.from([0xff, 0xfe]), Buffer.from([0xfe, 0xff])];

/** The end of a row: how many bytes and line breaks come before it. */
interface RowEnd {
  readonly at: number;
  readonly lines: number;
}

/**
 * Cuts a CSV file at ends of rows. It has to be read once for that, which takes a small part of the time
 * that parsing it does. Where a quote is out of place, the rest of the file stays in one piece: what the
 * parser makes of that depends on all that comes before.
 *
 * @param path absolute path of the file
 * @param wanted the splits as they would be if a file could be cut anywhere
 * @param delimiter what is between fields
 * @param blockBytes how much is read at a time
 * @returns splits that begin and end where rows do; together they are the whole file
 * @throws MrError when the file cannot be read
 */
export async function planCsvSplits(
  path: string,
  wanted: readonly Split[],
  delimiter: string,
  blockBytes: number = BLOCK_BYTES,
): Promise<readonly Split[]> {
  const [first, last] = [wanted[0], wanted.at(-1)];
  if (first === undefined || last === undefined || first === last) return wanted;
  const { file } = first;
  const targets = [1, ...wanted.slice(1).map(({ start }) => start)];
  const scanner = new CsvScanner(delimiter);
  const [head, ...cuts] = await readInput(path, file, (handle) => {
    return findRowEnds(handle, targets, scanner, Buffer.alloc(blockBytes));
  });
  const splits: Split[] = [];
  let begin: RowEnd | undefined;
  for (const cut of [...cuts.filter(({ at }) => at < last.end), undefined]) {
    const end = cut?.at ?? last.end;
    if (begin === undefined || head === undefined) splits.push({ file, start: 0, end });
    else {
      const csv = { headEnd: head.at, lines: begin.lines - head.lines };
      splits.push({ file, start: begin.at, end, csv });
    }
    begin = cut;
  }
  return splits;
}

async function readInput<T>(
  path: string,
  file: string,
  use: (handle: FileHandle) => Promise<T>,
): Promise<T> {
  try {
    const handle = await open(path, "r");
    try {
      return await use(handle);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw new MrError(`Cannot read input "${file}": ${describeCause(error)}`);
  }
}

/** The first end of a row at or after each of `targets`, which grow; each once. */
async function findRowEnds(
  handle: FileHandle,
  targets: readonly number[],
  scanner: CsvScanner,
  buffer: Buffer,
): Promise<RowEnd[]> {
  const ends: RowEnd[] = [];
  const waiting = [...targets];
  /** Offset in the file of the buffer's first byte, and how many bytes the buffer holds. */
  let base = 0;
  let filled = 0;
  for (let isEnd = false; !isEnd && waiting.length > 0; ) {
    const { bytesRead } = await handle.read(buffer, filled, undefined, base + filled);
    isEnd = bytesRead === 0;
    filled += bytesRead;
    const block = buffer.subarray(0, filled);
    if (base === 0 && UTF16_MARKS.some((mark) => block.indexOf(mark) === 0)) return [];
    let at = base === 0 && block.indexOf(UTF8_MARK) === 0 ? UTF8_MARK.length : 0;
    const limit = isEnd ? filled : Math.max(at, filled - scanner.lookahead);
    for (let target = waiting[0]; target !== undefined && at < limit; target = waiting[0]) {
      const stop = scanner.scan(block, at, limit, target - base);
      at = stop.at;
      if (scanner.isMalformed) return ends;
      if (!stop.isRowEnd) continue;
      ends.push({ at: base + at, lines: scanner.lines });
      while (waiting[0] !== undefined && waiting[0] <= base + at) waiting.shift();
    }
    buffer.copyWithin(0, at, filled);
    base += at;
    filled -= at;
  }
  return ends;
}
