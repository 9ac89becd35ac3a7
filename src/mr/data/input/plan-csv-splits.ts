import { setImmediate } from "node:timers/promises";
import { inputError, UsageError } from "../../base/errors.ts";
import { DEFAULT_ROW_BYTES } from "../../job/limits.ts";
import type { ResumeToken, ScannedSplitting, Split } from "../../job/split.ts";
import type { StorageFor, StoredFile } from "../../storage/storage.ts";
import { CsvRows } from "./csv-rows.ts";
import { CsvScanner, isQuote } from "./csv-scanner.ts";
import { openPlanned } from "./planned-file.ts";

const BLOCK_BYTES = 1024 * 1024;

/** The end of a row: how many bytes and line breaks come before it. */
interface RowEnd {
  readonly at: number;
  readonly lines: number;
}

/** The options that decide where rows of CSV end; `csv()` documents them. */
export interface CsvFormat {
  readonly delimiter: string;
  readonly maxRowBytes: number;
  /** One ASCII character; empty if fields are not quoted. */
  readonly quote: string;
}

/** @throws UsageError for another scanner than `csv`, or options that it does not take */
export function parseCsvSplitting({ scanner, options }: ScannedSplitting): CsvFormat {
  if (scanner !== "csv") throw new UsageError(`There is no scanner "${scanner}"`);
  const { delimiter, maxRowBytes = DEFAULT_ROW_BYTES, quote = '"' } = options;
  const isDelimiter = typeof delimiter === "string" && delimiter !== "" && delimiter.length <= 100;
  const isLimit = typeof maxRowBytes === "number" && Number.isSafeInteger(maxRowBytes);
  if (isDelimiter && isLimit && maxRowBytes > 0 && isQuote(quote))
    return { delimiter, maxRowBytes, quote };
  throw new UsageError(`The scanner "csv" does not take ${JSON.stringify(options)}`);
}

/**
 * Cuts a CSV file at ends of rows. It reads the file once, which is much faster than making records of it.
 *
 * @param wanted the splits of a file that can be cut anywhere
 * @returns splits that begin and end where rows do; together they are the whole file
 */
export async function planCsvSplits(
  storageFor: StorageFor,
  directory: string,
  wanted: readonly Split[],
  { delimiter, maxRowBytes, quote }: CsvFormat,
  blockBytes: number = BLOCK_BYTES,
): Promise<readonly Split[]> {
  const [first, last] = [wanted[0], wanted.at(-1)];
  if (first === undefined || last === undefined || first === last) return wanted;
  const { file } = first;
  const targets = wanted.slice(1).map(({ start }) => start);
  const scanner = new CsvScanner(delimiter, maxRowBytes, quote);
  const stored = await openPlanned(storageFor, directory, first);
  let head: RowEnd | undefined;
  let cuts: RowEnd[] = [];
  try {
    head = await findHead(stored, { ...first, end: last.end }, scanner);
    if (head !== undefined)
      cuts = await findRowEnds(stored, head, targets, scanner, Buffer.alloc(blockBytes));
    await stored.checkUnchanged();
  } catch (error) {
    throw inputError(file, error);
  } finally {
    stored.close();
  }
  const splits: Split[] = [];
  let begin: RowEnd | undefined;
  for (const cut of [...cuts.filter(({ at }) => at < last.end), undefined]) {
    const end = cut?.at ?? last.end;
    if (begin === undefined || head === undefined) splits.push({ file, start: 0, end });
    else {
      const resume = `${head.at}:${begin.lines - head.lines}`;
      splits.push({ file, start: begin.at, end, resume });
    }
    begin = cut;
  }
  return splits;
}

/** How a reader starts at the end of a row in the middle of a CSV file. */
export interface CsvResumption {
  /** The end, in bytes, of the head: the first row that is neither empty nor malformed. */
  readonly headEnd: number;
  /** How many line breaks there are between the end of that row and the start of the split. */
  readonly lines: number;
}

/** Decodes the token `HEAD_END:LINES` of a split. @throws Error for one that is not from {@link planCsvSplits} */
export function decodeCsvResumption(token: ResumeToken): CsvResumption {
  const [, headEnd, lines] = /^(\d{1,15}):(\d{1,15})$/.exec(token) ?? [];
  if (headEnd === undefined) throw new Error(`A split of a CSV file has the token "${token}"`);
  return { headEnd: Number(headEnd), lines: Number(lines) };
}

/**
 * Finds the end of the head: the first row that the reader of rows gives, which names the columns or says how many
 * there are. Undefined if there is none, or if the file is converted to UTF-8 and so can't be cut.
 */
async function findHead(
  stored: StoredFile,
  { file, end }: Split,
  scanner: CsvScanner,
): Promise<RowEnd | undefined> {
  const read = (target: Uint8Array, from: number, position: number) =>
    stored.read(target, from, target.length, position);
  const rows = new CsvRows({ file, start: 0, end, read }, scanner, 0, end, 1);
  while (await rows.load()) {
    if (rows.isConverted) return undefined;
    while (rows.next()) {
      if (rows.fault === undefined) return { at: rows.nextOffset, lines: rows.nextLine - 1 };
    }
    // Lets this process answer workers.
    await setImmediate();
  }
  return undefined;
}

/** Finds the first end of a row at or after each of `targets`, which ascend. Each end is listed once. */
async function findRowEnds(
  stored: StoredFile,
  head: RowEnd,
  targets: readonly number[],
  scanner: CsvScanner,
  buffer: Buffer,
): Promise<RowEnd[]> {
  const ends: RowEnd[] = [];
  const waiting = targets.filter((target) => target > head.at);
  /** Offset in the file of the row that is scanned, and the line breaks before it. */
  let { at: row, lines } = head;
  /** Offset in the file of the buffer's first byte, and how many bytes the buffer holds. */
  let base = row;
  let filled = 0;
  scanner.begin();
  while (waiting.length > 0) {
    const count = await stored.read(buffer, filled, buffer.length, base + filled);
    const isEnd = count === 0;
    filled += count;
    const block = buffer.subarray(0, filled);
    const limit = isEnd ? filled : filled - scanner.lookahead;
    while (waiting.length > 0 && row + scanner.length >= base) {
      scanner.scan(block, row + scanner.length - base, limit);
      if (isEnd) scanner.finish();
      if (scanner.outcome === "open" || scanner.length === 0) break;
      row += scanner.length;
      lines += scanner.lines;
      if (row >= (waiting[0] ?? row)) ends.push({ at: row, lines });
      while (waiting[0] !== undefined && waiting[0] <= row) waiting.shift();
      scanner.begin();
    }
    const next = row + scanner.length;
    if (isEnd && next >= base + filled) break;
    // A damaged row ends at its first line break, from where the file is read again.
    if (next >= base) buffer.copyWithin(0, next - base, filled);
    filled = next >= base ? base + filled - next : 0;
    base = next;
    // Lets this process answer workers.
    await setImmediate();
  }
  return ends;
}
