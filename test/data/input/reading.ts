import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Reader, ReadOptions } from "../../../src/mr/app/contract/reader.ts";
import { WordScan } from "../../../src/mr/app/text/word-scan.ts";
import { isCompressed, openInput } from "../../../src/mr/data/input/open-input.ts";
import { parseCsvSplitting, planCsvSplits } from "../../../src/mr/data/input/plan-csv-splits.ts";
import { cutEvenly } from "../../../src/mr/data/input/plan-job.ts";
import type { Split, Splitting } from "../../../src/mr/job/split.ts";
import { statInput, storageFor } from "../../../src/mr/storage/registry.ts";
import { PlainKernel } from "../../kernel/plain-kernel.ts";

/** What a reader made of a file. */
export interface Reading {
  readonly records: unknown[];
  readonly offsets: number[];
  readonly places: (string | undefined)[];
  readonly skipped: number;
}

/** How a file is read: cut where, under which name, and otherwise as {@link ReadOptions} say. */
export type ReadingOptions = Partial<ReadOptions> & {
  readonly name?: string;
  readonly splitBytes?: number;
};

/** Reads a file of these contents, one part after the other, all that is in it. */
export async function readContents<R>(
  directory: string,
  reader: Reader<R>,
  contents: string | Uint8Array,
  options: ReadingOptions = {},
): Promise<Reading> {
  const { name: file = "input.txt", splitBytes } = options;
  const path = join(directory, file);
  writeFileSync(path, contents);
  const scanner = new PlainKernel(64, 1);
  const progress = () => undefined;
  const words = new WordScan(scanner);
  const all = { skipBadRecords: false, progress, scanner, words, ...options };
  const reading: Reading & { skipped: number } = {
    records: [],
    offsets: [],
    places: [],
    skipped: 0,
  };
  for (const split of await plan(directory, reader.splitting, file, splitBytes)) {
    const input = await openInput(storageFor, directory, split);
    const cursor = reader.open(input, all);
    try {
      while (await cursor.load()) {
        for (let record = cursor.next(); record !== undefined; record = cursor.next()) {
          reading.records.push(typeof record === "object" ? structuredCopy(record) : record);
          reading.offsets.push(cursor.offset);
          reading.places.push(cursor.place);
        }
      }
      reading.skipped += cursor.skipped ?? 0;
    } finally {
      cursor.close?.();
      input.close();
    }
  }
  return reading;
}

/** In blocks so small that everything falls on their borders. */
async function plan(
  directory: string,
  splitting: Splitting,
  file: string,
  splitBytes?: number,
): Promise<readonly Split[]> {
  const { size, version } = await statInput(file, directory);
  const whole = { file, start: 0, end: size, size, version };
  if (splitting === "wholeFile" || (await isCompressed(storageFor, directory, whole))) {
    return [whole];
  }
  const wanted = cutEvenly(whole, splitBytes);
  if (splitting === "bytes") return wanted;
  return await planCsvSplits(storageFor, directory, wanted, parseCsvSplitting(splitting), 8);
}

function structuredCopy(record: unknown): unknown {
  return record !== null && typeof record === "object" && "bytes" in record
    ? String(record)
    : structuredClone(record);
}
