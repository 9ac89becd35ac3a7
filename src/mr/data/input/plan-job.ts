import type { JobSpec } from "../../job/job-spec.ts";
import { MAX_DEFAULT_SPLIT_BYTES, MIN_DEFAULT_SPLIT_BYTES } from "../../job/limits.ts";
import type { JobPlan, Split, Splitting } from "../../job/split.ts";
import type { StorageFor } from "../../storage/storage.ts";
import { isCompressedName } from "./open-input.ts";
import { type CsvFormat, parseCsvSplitting, planCsvSplits } from "./plan-csv-splits.ts";

/** Small files share tasks of this size, for which the fixed cost of a task is negligible. */
const PACK_BYTES = 2 * 1024 * 1024;
/** The cost of opening a file, as the number of bytes that could be read in the same time. */
const OPEN_BYTES = 16 * 1024;

/** Up to this many tasks, smaller tasks cost next to nothing and distribute the work more evenly. */
const MIN_TASKS = 64;

/**
 * Plans the map tasks of a job. There is a task for each worker, even if small files share tasks.
 */
export function planJob(
  storageFor: StorageFor,
  job: Pick<JobSpec, "inputs" | "inputDirectory" | "splitBytes" | "workers">,
): JobPlan {
  const { inputs } = job;
  const limit =
    job.splitBytes ?? defaultSplitBytes(inputs.reduce((sum, { size }) => sum + size, 0));
  const csvPlans = new Map<string, Promise<readonly Split[]>>();
  return plan;

  function plan(splitting: "bytes" | "wholeFile"): readonly Split[];
  function plan(splitting: Splitting): readonly Split[] | Promise<readonly Split[]>;
  function plan(splitting: Splitting): readonly Split[] | Promise<readonly Split[]> {
    if (typeof splitting === "string") {
      const splits = inputs.flatMap(({ url, size }) => planSplits(splitting, url, size, limit));
      return splitting === "wholeFile" ? splits : packSplits(splits, limit, job.workers);
    }
    const format = parseCsvSplitting(splitting);
    const key = JSON.stringify(format);
    const csvPlan = csvPlans.get(key) ?? planCsv(format);
    csvPlans.set(key, csvPlan);
    return csvPlan;
  }

  async function planCsv(format: CsvFormat): Promise<readonly Split[]> {
    const splits: Split[] = [];
    for (const { url, size } of inputs) {
      const wanted = planSplits("bytes", url, size, limit);
      splits.push(...(await planCsvSplits(storageFor, job.inputDirectory, wanted, format)));
    }
    return packSplits(splits, limit, job.workers);
  }
}

/** How large splits are by default: a 64th of the job, but at least 32 and at most 64 MiB. */
export function defaultSplitBytes(totalBytes: number): number {
  const share = Math.ceil(totalBytes / MIN_TASKS);
  return Math.min(MAX_DEFAULT_SPLIT_BYTES, Math.max(MIN_DEFAULT_SPLIT_BYTES, share));
}

/**
 * Cuts a file into splits of about equal size, none larger than `splitBytes`, without reading it: readers
 * find the record boundaries.
 *
 * @param splitting of the app's reader; whole files and compressed files are not cut
 * @returns at least one split; together they are [0, size)
 */
export function planSplits(
  splitting: "bytes" | "wholeFile",
  file: string,
  size: number,
  splitBytes: number = MAX_DEFAULT_SPLIT_BYTES,
): Split[] {
  const isWhole = splitting === "wholeFile" || isCompressedName(file);
  const count = isWhole ? 1 : Math.max(1, Math.ceil(size / splitBytes));
  const splits: Split[] = [];
  for (let index = 0; index < count; index++) {
    splits.push({ file, start: cut(size, index, count), end: cut(size, index + 1, count) });
  }
  return splits;
}

/** Computed without the product of `size` and `index`, which may exceed 2⁵³. */
function cut(size: number, index: number, count: number): number {
  const whole = Math.floor(size / count);
  const rest = size - whole * count;
  return whole * index + Math.min(index, rest);
}

/**
 * Lets small files share map tasks. Otherwise ten thousand files would make ten thousand tasks, each with an
 * output for every reduce task.
 *
 * @param splits of all inputs, in their order, which is kept
 * @param splitBytes how large a shared task may be
 * @param minTasks the minimum number of tasks: as many as can run at a time
 * @returns at least one; tasks of several files have about equal shares of the work
 */
export function packSplits(
  splits: readonly Split[],
  splitBytes: number,
  minTasks: number,
): readonly Split[] {
  if (splits.length <= minTasks) return splits;
  const total = splits.reduce((sum, split) => sum + weightOf(split), 0);
  const share = Math.min(PACK_BYTES, splitBytes, total / minTasks);
  const packs: Split[][] = [];
  let last = -1;
  let before = 0;
  for (const split of splits) {
    const weight = weightOf(split);
    // The share that contains the middle of the split.
    const pack = Math.floor((before + weight / 2) / share);
    before += weight;
    const isLarge = 2 * weight > share;
    if (pack === last && !isLarge) packs.at(-1)?.push(split);
    else packs.push([split]);
    // A split of more than half a share has the task for itself.
    last = isLarge ? -1 : pack;
  }
  return packs.map(([first, ...further]) => {
    return further.length === 0 ? (first as Split) : { ...(first as Split), further };
  });
}

function weightOf({ start, end }: Split): number {
  return Math.max(end - start, OPEN_BYTES);
}
