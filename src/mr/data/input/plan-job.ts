import { availableParallelism } from "node:os";
import type { InputFile } from "../../job/job-spec.ts";
import type { CsvSplitting, JobPlan, Split, Splitting } from "../../job/split.ts";
import type { Storage } from "../../storage/storage.ts";
import { planCsvSplits } from "./plan-csv-splits.ts";
import { defaultSplitBytes, packSplits, planSplits } from "./plan-splits.ts";

/** A plan that also knows the size of its inputs. */
export interface MeasuredPlan extends JobPlan {
  /** Of all inputs together. */
  readonly inputBytes: number;
}

/**
 * Plans the map tasks of a job.
 *
 * @param directory absolute path that relative `inputs` start from
 * @param splitBytes how large a split may be; by default 32 to 64 MiB, by the size of the job
 * @param parallelism how many tasks can run at a time; there are at least as many tasks even if small files
 *   share them
 */
export function planJob(
  storage: Storage,
  inputs: readonly InputFile[],
  directory: string,
  splitBytes: number | undefined,
  parallelism: number = availableParallelism(),
): MeasuredPlan {
  const total = inputs.reduce((sum, { size }) => sum + size, 0);
  const limit = splitBytes ?? defaultSplitBytes(total);
  const csvPlans = new Map<string, Promise<readonly Split[]>>();
  plan.inputBytes = total;
  return plan;

  function plan(splitting: "bytes" | "wholeFile"): readonly Split[];
  function plan(splitting: Splitting): readonly Split[] | Promise<readonly Split[]>;
  function plan(splitting: Splitting): readonly Split[] | Promise<readonly Split[]> {
    if (typeof splitting === "string") {
      const splits = inputs.flatMap(({ url, size }) => planSplits(splitting, url, size, limit));
      return splitting === "wholeFile" ? splits : pack(splits);
    }
    const key = JSON.stringify([splitting.csvDelimiter, splitting.maxRowBytes]);
    const csvPlan = csvPlans.get(key) ?? planCsv(splitting);
    csvPlans.set(key, csvPlan);
    return csvPlan;
  }

  async function planCsv(splitting: CsvSplitting): Promise<readonly Split[]> {
    const splits: Split[] = [];
    for (const { url, size } of inputs) {
      const wanted = planSplits("bytes", url, size, limit);
      splits.push(...(await planCsvSplits(storage, directory, wanted, splitting)));
    }
    return pack(splits);
  }

  function pack(splits: readonly Split[]): readonly Split[] {
    return packSplits(splits, limit, parallelism);
  }
}
