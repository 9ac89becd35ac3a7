import { closeSync, openSync, readSync } from "node:fs";
import { crc32 } from "node:zlib";
import { describeCause, MrError } from "../errors.ts";
import type { FileSummary } from "../storage/pending-file.ts";
import { encodeUtf8 } from "../utf8.ts";
import { decodeGroup, type RecordGroup } from "./record.ts";

const READ_BYTES = 64 * 1024;
const LINE_FEED = 10;

/** The records of one line, with the bytes of their key for comparing. */
export interface RunGroup extends RecordGroup {
  readonly bytes: Uint8Array;
}

/** An `mr-X-Y` file that is not, or no longer, what its map task reported. */
export class DamagedRunError extends MrError {
  override name = "DamagedRunError";
  /** Absolute path of the file. */
  readonly path: string;

  constructor(path: string, why: string) {
    super(`Cannot read map output "${path}": ${why}`);
    this.path = path;
  }
}

/**
 * Reads an `mr-X-Y` file group by group, in the order of its keys, a block at a time.
 *
 * @param path absolute path of the file
 * @param expected what the map task reported of it
 * @throws DamagedRunError when the file is missing, or its length, checksum or grammar is wrong. The
 *   checksum is known at the end only, so what is made from the groups must not be published before.
 */
export function* readRun(path: string, expected: FileSummary): Generator<RunGroup> {
  const descriptor = open(path);
  try {
    const block = Buffer.allocUnsafe(READ_BYTES);
    let rest: Uint8Array = new Uint8Array(0);
    let bytes = 0;
    let checksum = 0;
    for (;;) {
      const length = readSync(descriptor, block, 0, READ_BYTES, null);
      if (length === 0) break;
      const fresh = block.subarray(0, length);
      bytes += length;
      checksum = crc32(fresh, checksum);
      const end = fresh.lastIndexOf(LINE_FEED) + 1;
      if (end > 0) {
        yield* decodeLines(path, Buffer.concat([rest, fresh.subarray(0, end)]));
        rest = new Uint8Array(0);
      }
      rest = Buffer.concat([rest, fresh.subarray(end)]);
    }
    if (bytes !== expected.bytes) {
      throw new DamagedRunError(path, `it has ${bytes} bytes instead of ${expected.bytes}`);
    }
    if (checksum !== expected.crc32) throw new DamagedRunError(path, "its checksum is wrong");
    if (rest.length > 0) throw new DamagedRunError(path, "its last line is incomplete");
  } finally {
    closeSync(descriptor);
  }
}

function* decodeLines(path: string, block: Buffer): Generator<RunGroup> {
  for (let start = 0; start < block.length; ) {
    const end = block.indexOf(LINE_FEED, start);
    let group: RecordGroup;
    try {
      group = decodeGroup(block.toString("utf8", start, end));
    } catch (error) {
      throw new DamagedRunError(path, describeCause(error));
    }
    yield { ...group, bytes: encodeUtf8(group.key) };
    start = end + 1;
  }
}

function open(path: string): number {
  try {
    return openSync(path, "r");
  } catch (error) {
    throw new DamagedRunError(path, describeCause(error));
  }
}
