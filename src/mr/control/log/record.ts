import { crc32 } from "node:zlib";
import { MrError } from "../../base/errors.ts";
import type { LogRecord } from "./job-log.ts";

/*
 * A journal is a text file, a record a line:
 *
 *     record = checksum SP json LF
 *     checksum = CRC-32 of the bytes of json, as 8 lower-case hex digits
 *
 * docs/formats.md has an example.
 */

const CHECKSUM_DIGITS = 8;
const LINE_FEED = 10;

export function encodeRecord(record: LogRecord): Buffer {
  const json = JSON.stringify(record);
  return Buffer.from(`${checksumOf(Buffer.from(json))} ${json}\n`);
}

/** The records of a journal, and how many of its bytes they take. */
export interface DecodedJournal {
  readonly records: readonly LogRecord[];
  /** Less than all of them when the last record was cut short. */
  readonly bytes: number;
}

/**
 * Reads a journal. A last record without its line feed is ignored: its writer died before it told anybody of
 * that decision. Any other damage is an error.
 *
 * @throws MrError with the number of the line that is damaged
 */
export function decodeJournal(journal: Buffer): DecodedJournal {
  const records: LogRecord[] = [];
  let start = 0;
  while (start < journal.length) {
    const end = journal.indexOf(LINE_FEED, start);
    if (end === -1) break;
    const record = decodeRecord(journal.subarray(start, end));
    if (record === undefined)
      throw new MrError("LOG_DAMAGED", `its line ${records.length + 1} is damaged`);
    records.push(record);
    start = end + 1;
  }
  return { records, bytes: start };
}

function decodeRecord(line: Buffer): LogRecord | undefined {
  const json = line.subarray(CHECKSUM_DIGITS + 1);
  const checksum = line.toString("latin1", 0, CHECKSUM_DIGITS + 1);
  if (checksum !== `${checksumOf(json)} `) return undefined;
  return JSON.parse(json.toString("utf8"));
}

function checksumOf(bytes: Buffer): string {
  return crc32(bytes).toString(16).padStart(CHECKSUM_DIGITS, "0");
}
