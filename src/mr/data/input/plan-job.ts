import type { InputFile, JobSpec } from "../../job/job-spec.ts";
import { MAX_DEFAULT_SPLIT_BYTES, MIN_DEFAULT_SPLIT_BYTES } from "../../job/limits.ts";
import type { JobPlan, Split, Splitting } from "../../job/split.ts";
import type { StorageFor } from "../../storage/storage.ts";
import { isCompressed } from "./open-input.ts";
import { type CsvFormat, parseCsvSplitting, planCsvSplits } from "./plan-csv-splits.ts";

/** Small files share tasks of this size, for which the fixed cost of a task is negligible. */
const PACK_BYTES = 2 * 1024 * 1024;
/** The cost of opening a file, as the number of bytes that could be read in the same time. */
const OPEN_BYTES = 16 * 1024;

/** Up to this many tasks, smaller tasks cost next to nothing and distribute the work more evenly. */
const MIN_TASKS = 64;

/**
 * Plans the map tasks of a job. There is a task for each worker, even if small files share tasks. Files that are not
 * cut do not share tasks where workers bring the app: there the X of `mr-X-Y` is the number of a file, as in the lab.
 */
export function planJob(
  storageFor: StorageFor,
  job: Pick<JobSpec, "app" | "inputs" | "inputDirectory" | "splitBytes" | "workers">,
): JobPlan {
  const { inputs } = job;
  const limit =
    job.splitBytes ?? defaultSplitBytes(inputs.reduce((sum, { size }) => sum + size, 0));
  const csvPlans = new Map<string, Promise<readonly Split[]>>();
  return plan;

  function plan(splitting: "wholeFile"): readonly Split[];
  function plan(splitting: Splitting): readonly Split[] | Promise<readonly Split[]>;
  function plan(splitting: Splitting): readonly Split[] | Promise<readonly Split[]> {
    if (splitting === "wholeFile") {
      const files = inputs.map(wholeOf);
      return job.app === undefined ? files : packSplits(files, limit, job.workers);
    }
    if (splitting === "bytes") {
      const isCut = inputs.some(({ size }) => size > limit);
      return isCut ? planBytes() : packSplits(inputs.map(wholeOf), limit, job.workers);
    }
    const format = parseCsvSplitting(splitting);
    const key = JSON.stringify(format);
    const csvPlan = csvPlans.get(key) ?? planCsv(format);
    csvPlans.set(key, csvPlan);
    return csvPlan;
  }

  async function planBytes(): Promise<readonly Split[]> {
    const splits: Split[] = [];
    for (const input of inputs) splits.push(...(await cutInput(input)));
    return packSplits(splits, limit, job.workers);
  }

  async function planCsv(format: CsvFormat): Promise<readonly Split[]> {
    const splits: Split[] = [];
    for (const input of inputs) {
      const wanted = await cutInput(input);
      const { size, version } = input;
      const found = await planCsvSplits(storageFor, job.inputDirectory, wanted, format);
      splits.push(...found.map((split) => ({ ...split, size, version })));
    }
    return packSplits(splits, limit, job.workers);
  }

  /** Cuts a file into splits, unless it is compressed. */
  async function cutInput(input: InputFile): Promise<readonly Split[]> {
    const whole = wholeOf(input);
    if (input.size <= limit || (await isCompressed(storageFor, job.inputDirectory, whole))) {
      return [whole];
    }
    return cutEvenly(whole, limit);
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
 * @param whole the file as one split
 * @returns at least one split; together they are [0, size)
 */
export function cutEvenly(whole: Split, splitBytes: number = MAX_DEFAULT_SPLIT_BYTES): Split[] {
  const { end: size } = whole;
  const count = Math.max(1, Math.ceil(size / splitBytes));
  const splits: Split[] = [];
  for (let index = 0; index < count; index++) {
    splits.push({ ...whole, start: cut(size, index, count), end: cut(size, index + 1, count) });
  }
  return splits;
}

function wholeOf({ url, size, version }: InputFile): Split {
  return { file: url, start: 0, end: size, size, version };
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
