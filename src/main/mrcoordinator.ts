import { Command } from "commander";
import { Coordinator } from "../mr/coordinator/coordinator.ts";
import { describeCause, JobFailedError, UsageError } from "../mr/errors.ts";
import {
  checkJobDirectory,
  sweepJobDirectory,
  sweepTemporaryFiles,
} from "../mr/job/job-directory.ts";
import { planJob } from "../mr/job/plan-job.ts";
import { resolveInputs } from "../mr/job/resolve-inputs.ts";
import { socketPathOf } from "../mr/rpc/socket-path.ts";
import { onSignal } from "./on-signal.ts";
import { byteSize, leaseOption, socketOption, wholeNumber } from "./parse-options.ts";
import { runCommand } from "./run-command.ts";

interface Options {
  readonly reduces: number;
  readonly socket?: string;
  readonly lease: number;
  readonly attempts: number;
  readonly split?: number;
  readonly skipBadRecords?: true;
  readonly quiet?: true;
}

const command = new Command("mrcoordinator")
  .description(
    "Coordinate a MapReduce job in the current directory: hand its tasks to workers (mrworker) until\n" +
      "the output is complete in mr-out-0, mr-out-1, … Files of an earlier job there are removed.",
  )
  .argument("[inputs...]", "input files, directories or quoted patterns")
  .option(
    "-r, --reduces <n>",
    "number of reduce tasks and output files",
    wholeNumber(1, 100_000),
    10,
  )
  .addOption(socketOption())
  .addOption(leaseOption())
  .option("--attempts <n>", "fail the job when a task has failed so often", wholeNumber(1, 100), 4)
  .option(
    "--split <size>",
    "size of a map task's part of a file, for apps that read records (default: 64MB, or less)",
    byteSize(1),
  )
  .option(
    "--skip-bad-records",
    "leave out and count records that are malformed or make the app throw",
  )
  .option("-q, --quiet", "report errors only")
  .addHelpText(
    "after",
    "\nExample:\n  tsx mrcoordinator.ts pg-*.txt        and, in other terminals:  tsx mrworker.ts wc.ts\n\n" +
      "Exit code 0 if the job is complete, 1 if it failed, 2 for wrong usage, 130 when interrupted.",
  );

runCommand(command, async (args: string[], options: Options): Promise<number> => {
  const directory = process.cwd();
  if (args.length === 0) throw new UsageError("no input files (see mrcoordinator --help)");
  const inputs = await resolveInputs(args, directory);
  checkJobDirectory(directory, directory, inputs);
  const log = (line: string) => {
    if (options.quiet !== true) process.stderr.write(`mrcoordinator: ${line}\n`);
  };
  const socketPath = options.socket ?? socketPathOf(directory);
  const startedMs = performance.now();
  const coordinator = await Coordinator.start({
    plan: planJob(inputs, directory, options.split),
    skipBadRecords: options.skipBadRecords ?? false,
    directory,
    inputDirectory: directory,
    reduces: options.reduces,
    leaseMs: options.lease,
    maxFailures: options.attempts,
    maxLosses: 5 * options.attempts,
    socketPath,
    log,
  });
  const removed = await clearDirectory(coordinator, directory);
  if (removed > 0) log(`Removed ${removed} output files of an earlier job`);
  log(`Listening on ${socketPath}`);
  log(`${inputs.length} input files, ${options.reduces} reduce tasks; waiting for workers`);

  let signalCode: number | undefined;
  onSignal((signal, code) => {
    signalCode ??= code;
    coordinator.cancel(`interrupted by ${signal}`);
  });
  const outcome = await coordinator.finished;
  sweepTemporaryFiles(directory);
  if (outcome.state === "failed") {
    throw new JobFailedError(outcome.failure.message, outcome.failure.stack);
  }
  if (outcome.state === "cancelled") {
    process.stderr.write(`mrcoordinator: The job is not complete: ${outcome.reason}\n`);
    return signalCode ?? 1;
  }
  log(
    `Done in ${((performance.now() - startedMs) / 1000).toFixed(1)} s: the output is in mr-out-*`,
  );
  return 0;
});

/** Only once the socket is held, since before that the files may be those of a job that runs. */
async function clearDirectory(coordinator: Coordinator, directory: string): Promise<number> {
  try {
    return sweepJobDirectory(directory);
  } catch (error) {
    // A coordinator that still listened would keep this process alive.
    coordinator.cancel(describeCause(error));
    await coordinator.finished;
    throw error;
  }
}
