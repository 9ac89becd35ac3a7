import { join } from "node:path";
import { addHash, lineHash } from "../line-checksum.ts";
import { writeRecords } from "./block-file.ts";
import { type CachedSet, cachedSet } from "./cached-set.ts";

export interface KeyFacts {
  readonly records: number;
  readonly distinctKeys: number;
  /** The sum of `lineHash` over the lines `key count` of the right result. */
  readonly checksum: number;
}

export type KeySet = CachedSet<KeyFacts>;

const RECORD_BYTES = 100;
const KEY_BYTES = 9;
const FORMAT = 2;

/**
 * Log-like lines of 100 bytes. All keys are equally frequent, and equal keys are as far apart as possible: the
 * hardest case for a table that combines before it spills.
 */
export function manyKeys(
  dataFolder: string,
  name: string,
  options: { files: number; distinctKeys: number; recordsPerKey: number },
): Promise<KeySet> {
  const { files, distinctKeys, recordsPerKey } = options;
  const records = distinctKeys * recordsPerKey;
  const recordsPerFile = Math.ceil(records / files);
  return cachedSet(dataFolder, {
    name,
    parameters: { format: FORMAT, files, distinctKeys, recordsPerKey },
    bytes: records * RECORD_BYTES,
    make: (folder) => {
      const names: string[] = [];
      for (let index = 0; index < files; index++) {
        const name = `keys-${index}.txt`;
        const first = index * recordsPerFile;
        const count = Math.min(recordsPerFile, records - first);
        writeRecords(
          join(folder, name),
          { first, count, recordBytes: RECORD_BYTES },
          (block, offset, record) => {
            fillRecord(block, offset, record, distinctKeys);
          },
        );
        names.push(name);
      }
      const checksum = expectedChecksum(distinctKeys, recordsPerKey);
      return Promise.resolve({ files: names, facts: { records, distinctKeys, checksum } });
    },
  });
}

function expectedChecksum(distinctKeys: number, recordsPerKey: number): number {
  const suffix = ` ${recordsPerKey}`;
  const line = Buffer.alloc(KEY_BYTES + suffix.length);
  line.write(suffix, KEY_BYTES, "latin1");
  const view = new DataView(line.buffer, line.byteOffset, line.length);
  let checksum = 0;
  for (let index = 0; index < distinctKeys; index++) {
    writeKey(line, 0, index);
    checksum = addHash(checksum, lineHash(view, 0, line.length));
  }
  return checksum;
}

const FILLER = " GET /index.html 200 ".padEnd(RECORD_BYTES - KEY_BYTES - 1, "a line of some log. ");

function fillRecord(block: Buffer, offset: number, record: number, distinctKeys: number): void {
  writeKey(block, offset, record % distinctKeys);
  block.write(FILLER, offset + KEY_BYTES, "latin1");
  block[offset + RECORD_BYTES - 1] = 0x0a;
}

/** `u` and eight hexadecimal digits, made by a bijection of the index, so that keys are in no order. */
function writeKey(block: Buffer, offset: number, index: number): void {
  let mixed = Math.imul(index, 0x9e3779b1);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x85ebca6b);
  mixed ^= mixed >>> 13;
  block[offset] = 0x75;
  for (let digit = 0; digit < 8; digit++) {
    const value = (mixed >>> (28 - 4 * digit)) & 15;
    block[offset + 1 + digit] = value < 10 ? 0x30 + value : 0x57 + value;
  }
}
