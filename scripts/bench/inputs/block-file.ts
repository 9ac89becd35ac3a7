import { closeSync, openSync, writeSync } from "node:fs";

const BLOCK_BYTES = 1 << 22;

/** Writes `count` records of one size; `fill` puts record `index` at `offset` of `block`. */
export function writeRecords(
  path: string,
  { first, count, recordBytes }: { first: number; count: number; recordBytes: number },
  fill: (block: Buffer, offset: number, index: number) => void,
): void {
  const recordsPerBlock = Math.floor(BLOCK_BYTES / recordBytes);
  const block = Buffer.alloc(recordsPerBlock * recordBytes);
  const file = openSync(path, "wx");
  try {
    for (let done = 0; done < count; done += recordsPerBlock) {
      const here = Math.min(recordsPerBlock, count - done);
      for (let record = 0; record < here; record++) {
        fill(block, record * recordBytes, first + done + record);
      }
      writeSync(file, block, 0, here * recordBytes);
    }
  } finally {
    closeSync(file);
  }
}
