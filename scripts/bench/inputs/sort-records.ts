import { join } from "node:path";
import { addHash, lineHash } from "../line-checksum.ts";
import { writeRecords } from "./block-file.ts";
import { type CachedSet, cachedSet } from "./cached-set.ts";

export interface SortFacts {
  readonly records: number;
  /** The sum of `lineHash` over all lines, line breaks left out. */
  readonly checksum: number;
}

export type SortSet = CachedSet<SortFacts>;

const RECORD_BYTES = 100;
const KEY_BYTES = 10;
const FORMAT = 2;
const SEED = 0x2545f491;

/**
 * Records like those of the sort benchmarks: ten random printable characters, a space, the number of the record
 * and letters up to 99 bytes, a line break.
 */
export function sortRecords(
  dataFolder: string,
  name: string,
  { files, fileBytes }: { files: number; fileBytes: number },
): Promise<SortSet> {
  const recordsPerFile = Math.floor(fileBytes / RECORD_BYTES);
  return cachedSet(dataFolder, {
    name,
    parameters: { format: FORMAT, seed: SEED, files, recordsPerFile },
    bytes: files * recordsPerFile * RECORD_BYTES,
    make: (folder) => {
      const names: string[] = [];
      const random = xorshift(SEED);
      let checksum = 0;
      for (let index = 0; index < files; index++) {
        const name = `records-${index}.txt`;
        writeRecords(
          join(folder, name),
          { first: index * recordsPerFile, count: recordsPerFile, recordBytes: RECORD_BYTES },
          (block, offset, record) => {
            fillRecord(block, offset, record, random);
            const view = viewOf(block);
            checksum = addHash(checksum, lineHash(view, offset, offset + RECORD_BYTES - 1));
          },
        );
        names.push(name);
      }
      return Promise.resolve({
        files: names,
        facts: { records: files * recordsPerFile, checksum },
      });
    },
  });
}

const views = new WeakMap<Buffer, DataView>();

function viewOf(block: Buffer): DataView {
  let view = views.get(block);
  if (view === undefined) {
    view = new DataView(block.buffer, block.byteOffset, block.length);
    views.set(block, view);
  }
  return view;
}

function fillRecord(block: Buffer, offset: number, record: number, random: () => number): void {
  for (let index = 0; index < KEY_BYTES; index++) {
    // "!" to "~": printable, and neither a space nor a line break, so a key ends at the space.
    block[offset + index] = 0x21 + (random() % 94);
  }
  block[offset + KEY_BYTES] = 0x20;
  block.write(record.toString().padStart(16, "0"), offset + KEY_BYTES + 1, "latin1");
  for (let index = KEY_BYTES + 17; index < RECORD_BYTES - 1; index++) {
    block[offset + index] = 0x41 + ((record + (index >> 3)) % 26);
  }
  block[offset + RECORD_BYTES - 1] = 0x0a;
}

/** Marsaglia's 32-bit xorshift, which gives the same numbers on every machine. */
function xorshift(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}
