import { statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { describeCause, MrError } from "../../base/errors.ts";
import type { CsvSplitting, JobPlan, Split, Splitting } from "../../job/split.ts";
import { packSplits } from "./pack-splits.ts";
import { planCsvSplits } from "./plan-csv-splits.ts";
import { defaultSplitBytes, planSplits } from "./plan-splits.ts";

/** A plan of inputs whose sizes are known. */
export interface MeasuredPlan extends JobPlan {
  /** Of all inputs together. */
  readonly inputBytes: number;
}

/**
 * Looks the sizes of the inputs up, once.
 *
 * @param directory absolute path that relative `inputs` start from
 * @param splitBytes how large a split may be; 32 to 64 MiB by the size of the job where undefined
 * @param parallelism how many tasks can run at a time; small files share tasks as long as there are so many
 * @throws MrError when a file's size cannot be found out
 */
export function planJob(
  inputs: readonly string[],
  directory: string,
  splitBytes: number | undefined,
  parallelism: number = availableParallelism(),
): MeasuredPlan {
  const sizes = inputs.map((file) => ({ file, size: sizeOf(file, directory) }));
  const total = sizes.reduce((sum, { size }) => sum + size, 0);
  const limit = splitBytes ?? defaultSplitBytes(total);
  const csvPlans = new Map<string, Promise<readonly Split[]>>();
  plan.inputBytes = total;
  return plan;

  function plan(splitting: "bytes" | "wholeFile"): readonly Split[];
  function plan(splitting: Splitting): readonly Split[] | Promise<readonly Split[]>;
  function plan(splitting: Splitting): readonly Split[] | Promise<readonly Split[]> {
    if (typeof splitting === "string") {
      const splits = sizes.flatMap(({ file, size }) => planSplits(splitting, file, size, limit));
      return splitting === "wholeFile" ? splits : pack(splits);
    }
    const key = JSON.stringify([splitting.csvDelimiter, splitting.maxRowBytes]);
    const csvPlan = csvPlans.get(key) ?? planCsv(splitting);
    csvPlans.set(key, csvPlan);
    return csvPlan;
  }

  async function planCsv(splitting: CsvSplitting): Promise<readonly Split[]> {
    const splits: Split[] = [];
    for (const { file, size } of sizes) {
      const wanted = planSplits("bytes", file, size, limit);
      splits.push(...(await planCsvSplits(resolve(directory, file), wanted, splitting)));
    }
    return pack(splits);
  }

  function pack(splits: readonly Split[]): readonly Split[] {
    return packSplits(splits, limit, parallelism);
  }
}

function sizeOf(file: string, directory: string): number {
  try {
    return statSync(resolve(directory, file)).size;
  } catch (error) {
    throw new MrError("INPUT_UNREADABLE", `Cannot read input "${file}": ${describeCause(error)}`);
  }
}
