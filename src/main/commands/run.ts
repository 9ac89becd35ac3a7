import { existsSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { type Command, Option } from "commander";
import {
  describeCause,
  JobCancelledError,
  JobFailedError,
  MrError,
  UsageError,
} from "../../mr/base/errors.ts";
import { visibleLines } from "../../mr/base/visible-text.ts";
import { type RunJobOptions, runJob } from "../../mr/engines/run-job.ts";
import { MAX_TOP, RANGES } from "../../mr/job/limits.ts";
import { JOURNAL_NAME } from "../../mr/job/names.ts";
import type { JobView } from "../../mr/watch/history/job-view.ts";
import type { CompletedJob } from "../completed-job.ts";
import { deliverOutput } from "../deliver-output.ts";
import type { JobFigures } from "../job-figures.ts";
import { onSignals } from "../on-signal.ts";
import { openDashboard, type UiOption, uiOption } from "../open-dashboard.ts";
import {
  appSpec,
  attemptsOption,
  byteSize,
  filePath,
  leaseOption,
  memoryOption,
  reducesOption,
  taskTimeoutOption,
  wholeNumber,
} from "../parse-options.ts";
import { programName, shellWord } from "../shell-words.ts";
import { type Watcher, watchJob } from "../watch-job.ts";
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
  readonly check: boolean;
  readonly keep?: true;
  readonly resume?: true;
  readonly merge?: true;
  readonly top?: number;
  readonly json?: true;
  readonly report?: true;
  readonly ui?: UiOption;
  readonly quiet?: true;
  readonly verbose?: true;
}

const HELP = `
Examples:
  tsmr run wc 'books/*.txt'                      count words; the output is in mr-out
  tsmr run wc books --top 10                     and print the ten most frequent
  tsmr run ./app.ts 'logs/*.gz' --out counts     an app of your own
  tsmr run ./app.ts --out counts --resume        go on with a job that was interrupted
  tsmr run wc books --json | jq .map.records

--json prints: directory, outputs, counters, skipped, elapsedMs, app, workers, top (with --top), and for map
and reduce each: tasks, attempts, failedAttempts, lostAttempts, supersededAttempts, records, bytes, cpuMs,
outputBytes, spills. What they mean is in docs/library.md.

Results are in files of DIR, ordered by key: mr-out-0, mr-out-1, … or, with --merge, mr-out alone. Only what
--top and --json ask for goes to standard output. Exit code 0 if the job is complete, 1 if it failed, 2 for
wrong usage, 130 when interrupted: once ends it cleanly, twice at once.`;

/** A job that has completed no task leaves nothing to resume. */
const BEGIN_AGAIN = "tsmr: No task was completed: to begin again, give the same command\n";

export function define(command: Command): Action {
  command
    .description("Run a job on this machine: a coordinator in this process, and worker processes.")
    .argument("<app>", "file of the app, or the name of a shipped one such as wc", appSpec)
    .argument("[inputs...]", "input files, directories or quoted patterns")
    .option(
      "-w, --workers <n>",
      "how many workers there may be (default: one per processor)",
      wholeNumber(RANGES.workers),
    )
    .addOption(reducesOption())
    .option("-o, --out <dir>", "directory for the output files", filePath, "mr-out")
    .option("--merge", "merge the output files into one, mr-out, in the order of its lines' bytes")
    .option(
      "--top <n>",
      "print the keys with the largest numbers as values",
      wholeNumber({ min: 1, max: MAX_TOP }),
    )
    .option("--json", "print what the job has done as JSON, see below")
    .option("--report", "write a report of the job to report.html in DIR")
    .addOption(uiOption())
    .addOption(leaseOption())
    .addOption(taskTimeoutOption())
    .addOption(attemptsOption())
    .addOption(memoryOption())
    .option(
      "--split <size>",
      "size of a map task's part of a file (default: 64MB; in jobs below 4GB down to 32MB)",
      byteSize(RANGES.splitBytes.min),
    )
    .option(
      "--skip-bad-records",
      "leave out and count records that are malformed or make the app throw",
    )
    .option("--no-backups", "never run a second attempt of a task while the first is alive")
    .option("--no-check", "run the app without checking its types")
    .option("--resume", "go on with the same job, which was interrupted or failed")
    .option("--keep", "keep the files between map and reduce")
    .addOption(new Option("-q, --quiet", "report errors only").conflicts("verbose"))
    .option("-v, --verbose", "report everything that happens, and whole stacks")
    .addHelpText("after", HELP);
  const given: string[] = [];
  for (const { name, flag } of command.options.map((option) => ({
    name: option.name(),
    flag: option.long ?? option.flags,
  }))) {
    command.on(`option:${name}`, (value: string | null | undefined) => {
      given.push(flag, ...(typeof value === "string" ? [shellWord(value)] : []));
    });
  }
  return (app: string, inputs: string[], options: Options) => run(app, inputs, options, given);
}

async function run(
  app: string,
  inputs: string[],
  options: Options,
  given: readonly string[],
): Promise<number> {
  if (inputs.length === 0 && options.resume !== true) {
    throw new UsageError("no input files (see tsmr run --help)");
  }
  const abort = new AbortController();
  const directory = resolve(options.out);
  const hint = () => resumeHint(app, given, directory);
  const signalCode = onSignals(
    (signal) => abort.abort(`interrupted by ${signal}`),
    () => `tsmr: Ended at once\n${hint()}`,
  );
  const { lease, taskTimeout, quiet, memory, split, merge, top, json, report, ui, ...others } =
    options;
  const { verbose, ...rest } = others;
  const watcher = await watchJob({ quiet, verbose });
  const dashboard = await openDashboard("tsmr", ui);
  const done = await completeAlready(options, directory);
  const figures = json === true ? await newFigures(done?.view) : undefined;
  const { onEvent, ...listeners } = watcher.listeners;
  if (verbose === true || ui !== undefined) {
    const dir = shellWord(relative(process.cwd(), directory) || ".");
    watcher.say(`More workers can join: ${programName()} worker ${shellWord(app)} --dir ${dir}`);
  }
  const job: RunJobOptions = {
    app,
    inputs,
    leaseMs: lease,
    signal: abort.signal,
    ...(taskTimeout === undefined ? {} : { taskTimeoutMs: taskTimeout }),
    ...(memory === undefined ? {} : { memoryBytes: memory }),
    ...(split === undefined ? {} : { splitBytes: split }),
    ...listeners,
    onEvent: (event) => {
      onEvent?.(event);
      dashboard?.onEvent(event);
      figures?.apply(event);
    },
    ...rest,
  };
  let isComplete = false;
  try {
    const result = done?.result ?? (await runJob(job));
    isComplete = true;
    watcher.end();
    const { signal } = abort;
    await deliverOutput(result, { merge, top, figures, directory, signal, say: watcher.say });
    if (report === true) await reportOn(directory, watcher);
    return 0;
  } catch (error) {
    watcher.end();
    const hasBegun = error instanceof JobCancelledError || error instanceof JobFailedError;
    const exitCode = signalCode();
    if (hasBegun && report === true) await reportOn(directory, watcher);
    if (exitCode !== undefined)
      process.stderr.write(`tsmr: ${visibleLines(describeCause(error))}\n`);
    // Wrong usage would fail again.
    const again = error instanceof JobFailedError && error.code === "USAGE" ? "" : BEGIN_AGAIN;
    if (isComplete) process.stderr.write(sameAgain(app, given));
    else if (hasBegun) process.stderr.write(hint() || again);
    if (exitCode === undefined) throw error;
    return exitCode;
  } finally {
    await dashboard?.close();
  }
}

async function newFigures(view: JobView | undefined): Promise<JobFigures> {
  const { JobFigures } = await import("../job-figures.ts");
  return new JobFigures(view);
}

/** The job that is to be resumed, if it is complete and only its output is left to be delivered. */
async function completeAlready(
  { resume, merge, top, json }: Options,
  directory: string,
): Promise<CompletedJob | undefined> {
  if (resume !== true || (merge ?? json ?? top) === undefined) return undefined;
  const { completedJob } = await import("../completed-job.ts");
  return await completedJob(directory);
}

/** A report that cannot be written does not change how the job ended. */
async function reportOn(directory: string, watcher: Watcher): Promise<void> {
  try {
    const { writeReport } = await import("../../mr/watch/report/write-report.ts");
    watcher.say(`The report is in ${relative(process.cwd(), await writeReport(directory))}`);
  } catch (error) {
    if (!(error instanceof MrError)) throw error;
    process.stderr.write(`tsmr: ${visibleLines(error.message)}\n`);
  }
}

/** How to resume the job; empty if there is none to resume. */
function resumeHint(app: string, given: readonly string[], directory: string): string {
  return existsSync(join(directory, JOURNAL_NAME)) ? sameAgain(app, given) : "";
}

function sameAgain(app: string, given: readonly string[]): string {
  const words = ["run", shellWord(app), ...given.filter((word) => word !== "--resume"), "--resume"];
  return `tsmr: To go on with it: ${programName()} ${words.join(" ")}\n`;
}
