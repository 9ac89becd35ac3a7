import type { Command } from "commander";
import { describeCause } from "../../mr/errors.ts";
import { type JobResult, type RunJobOptions, runJob } from "../../mr/run/run-job.ts";
import { onSignal } from "../on-signal.ts";
import {
  byteSize,
  leaseOption,
  MIN_MEMORY_BYTES,
  taskTimeoutOption,
  wholeNumber,
} from "../parse-options.ts";
import type { Action } from "./catalog.ts";

interface Options {
  readonly workers?: number;
  readonly reduces?: number;
  readonly out: string;
  readonly lease: number;
  readonly taskTimeout?: number;
  readonly attempts: number;
  readonly memory?: number;
  readonly split?: number;
  readonly skipBadRecords?: true;
  readonly backups: boolean;
  readonly keep?: true;
  readonly resume?: true;
  readonly quiet?: true;
}

export function define(command: Command): Action {
  command
    .description("Run a job on this machine: a coordinator in this process, and worker processes.")
    .argument("<app>", "file of the app, or the name of a shipped one such as wc")
    .argument("<inputs...>", "input files, directories or quoted patterns")
    .option(
      "-w, --workers <n>",
      "number of workers (default: one per processor)",
      wholeNumber(1, 1000),
    )
    .option(
      "-r, --reduces <n>",
      "number of reduce tasks and output files (default: 10)",
      wholeNumber(1, 100_000),
    )
    .option("-o, --out <dir>", "directory for the output files", "mr-out")
    .addOption(leaseOption())
    .addOption(taskTimeoutOption())
    .option(
      "--attempts <n>",
      "fail the job when a task has failed so often",
      wholeNumber(1, 100),
      4,
    )
    .option(
      "--memory <size>",
      "memory of a worker process (default: 512MB)",
      byteSize(MIN_MEMORY_BYTES),
    )
    .option(
      "--split <size>",
      "size of a map task's part of a file (default: 32MB to 64MB)",
      byteSize(1),
    )
    .option(
      "--skip-bad-records",
      "leave out and count records that are malformed or make the app throw",
    )
    .option("--no-backups", "never run a second attempt of a task while the first is alive")
    .option("--resume", "go on with the same job, which was interrupted or failed")
    .option("--keep", "keep the files between map and reduce")
    .option("-q, --quiet", "report errors only")
    .addHelpText("after", "\nExample:\n  tsmr run wc.ts 'books/*.txt' --workers 4 --out counts");
  return run;
}

async function run(app: string, inputs: string[], options: Options): Promise<number> {
  const abort = new AbortController();
  let signalCode: number | undefined;
  onSignal((_, code) => {
    signalCode ??= code;
    abort.abort();
  });
  const { lease, taskTimeout, quiet, memory, split, ...rest } = options;
  const log = (line: string) => process.stderr.write(`tsmr: ${line}\n`);
  const job: RunJobOptions = {
    app,
    inputs,
    leaseMs: lease,
    signal: abort.signal,
    ...(taskTimeout === undefined ? {} : { taskTimeoutMs: taskTimeout }),
    ...(memory === undefined ? {} : { memoryBytes: memory }),
    ...(split === undefined ? {} : { splitBytes: split }),
    ...rest,
  };
  let result: JobResult;
  try {
    result = await runJob(quiet === true ? job : { ...job, log });
  } catch (error) {
    if (signalCode === undefined) throw error;
    process.stderr.write(`tsmr: ${describeCause(error)}\n`);
    return signalCode;
  }
  if (quiet === true) return 0;
  const { elapsedMs, counters } = result;
  for (const [name, count] of Object.entries(counters)) log(`${name}: ${count}`);
  log(`Done in ${(elapsedMs / 1000).toFixed(2)} s: the output is in ${options.out}`);
  return 0;
}
