import { basename, join, relative, resolve } from "node:path";
import type { Command } from "commander";
import {
  describeCause,
  JobCancelledError,
  JobFailedError,
  MrError,
  UsageError,
} from "../../mr/base/errors.ts";
import { checkPathOfJob } from "../../mr/base/socket-path.ts";
import { visibleLines } from "../../mr/base/text.ts";
import type { LineFile } from "../../mr/data/output/line-reader.ts";
import type { NumberLine } from "../../mr/data/output/top-lines.ts";
import { type JobResult, type RunJobOptions, runJob } from "../../mr/engines/run-job.ts";
import { MERGED_OUTPUT_NAME } from "../../mr/job/names.ts";
import { SKIPPED_RECORDS } from "../../mr/job/task.ts";
import { storageFor, storageIn } from "../../mr/storage/registry.ts";
import type { JobView } from "../../mr/watch/history/job-view.ts";
import { onSignals } from "../on-signal.ts";
import { addApp, addOptions, type UiOption } from "../options.ts";
import { printJson, printResult } from "../print-result.ts";
import { ResultFiles } from "../result-files.ts";
import { nearest, ResumeHints } from "../resume-hints.ts";
import { programName, shellWord } from "../shell-words.ts";
import { openDashboard, type Watcher, watchJob } from "../watch-job.ts";
import type { Action } from "./catalog.ts";

interface Options extends Omit<RunJobOptions, "app" | "inputs"> {
  readonly out: string;
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

--max-bad-records: a record is bad if it is skipped, or if the app can't use it. N is the largest number of
bad records and skipped keys together; P% is the largest share of bad records among all records, and of
skipped keys among all keys. The limit is checked when all map tasks are completed, and when all reduce
tasks are.

Results are in files of DIR, ordered by key: mr-out-0, mr-out-1, … or, with --merge, mr-out alone. Only what
--top and --json ask for goes to standard output. Exit code 0 if the job is complete, 1 if it failed, 2 for
wrong usage, 130 when interrupted: once ends it cleanly, twice at once.`;

export function define(command: Command): Action {
  addApp(command)
    .description("Run a job on this machine: a coordinator in this process, and worker processes.")
    .argument("[inputs...]", "input files, directories or quoted patterns");
  addOptions(
    command,
    ...(["workers", "reduces", "out", "merge", "top", "json", "report", "ui", "lease"] as const),
    ...(["taskTimeout", "attempts", "memory", "split"] as const),
    ...(["skipBadRecords", "maxBadRecords", "noBackups"] as const),
    ...(["noCheck", "resume", "keep", "quiet", "verbose"] as const),
  ).addHelpText("after", HELP);
  const given: string[] = [];
  for (const option of command.options) {
    command.on(`option:${option.name()}`, (value: string | null | undefined) => {
      given.push(option.long ?? option.flags);
      if (typeof value === "string") given.push(shellWord(value));
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
  const { signal } = abort;
  const directory = resolve(options.out);
  checkPathOfJob(directory);
  const hints = new ResumeHints(app, given, directory);
  const signalCode = onSignals(
    (name) => abort.abort(`interrupted by ${name}`),
    () => `tsmr: Ended at once\n${hints.ended()}`,
  );
  const { quiet, verbose, merge, top, json, report, ui, ...rest } = options;
  const watcher = await watchJob(quiet, verbose);
  const { onEvent, onOutput, say } = watcher;
  const dashboard = await openDashboard("tsmr", ui);
  const done = await completeAlready(app, inputs, options, directory);
  if (done !== undefined) hints.begin(true);
  const files = new ResultFiles();
  const newView = async () => new (await import("../../mr/watch/history/job-view.ts")).JobView();
  const view = json === true ? (done?.view ?? (await newView())) : undefined;
  if (verbose === true || ui !== undefined) {
    const dir = shellWord(relative(process.cwd(), directory) || ".");
    say(`More workers can join: ${programName()} worker ${shellWord(app)} --dir ${dir}`);
  }
  const job: RunJobOptions = {
    ...{ ...rest, app, inputs, signal, ...(onOutput === undefined ? {} : { onOutput }) },
    onEvent: (event) => {
      hints.begin(event.type === "attemptStarted");
      onEvent?.(event);
      dashboard?.onEvent(event);
      view?.apply(event);
      files.onEvent(event);
    },
  };
  let isComplete = false;
  try {
    const result = done?.result ?? (await runJob(job));
    isComplete = true;
    watcher.end();
    const results = done?.files ?? files.at(result.outputs);
    await deliverOutput(result, results, options, { view, signal, say, hints });
    if (report === true && hints.isInPlace) await reportOn(directory, watcher);
    return 0;
  } catch (error) {
    watcher.end();
    const hasBegun = error instanceof JobCancelledError || error instanceof JobFailedError;
    const exitCode = signalCode();
    if (hasBegun && report === true && hints.isInPlace) await reportOn(directory, watcher);
    if (exitCode !== undefined)
      process.stderr.write(`tsmr: ${visibleLines(describeCause(error))}\n`);
    const { code } = error instanceof MrError ? error : { code: undefined };
    if (isComplete) process.stderr.write(hints.undelivered(code));
    else if (hasBegun) process.stderr.write(hints.failed(error.code));
    if (exitCode === undefined) throw error;
    return exitCode;
  } finally {
    await dashboard?.close();
  }
}

/** The job that is to be resumed, if it is complete and only its output is left to be delivered. */
async function completeAlready(
  app: string,
  inputs: readonly string[],
  { resume, merge, top, json, reduces, skipBadRecords, maxBadRecords }: Options,
  directory: string,
) {
  if (resume !== true || (merge ?? json ?? top) === undefined) return undefined;
  const { completeJob } = await import("../complete-job.ts");
  return await completeJob(directory, { app, inputs, reduces, skipBadRecords, maxBadRecords });
}

/** A report that cannot be written does not change how the job ended. */
async function reportOn(directory: string, watcher: Watcher): Promise<void> {
  try {
    const { writeReport } = await import("../../mr/watch/report/write-report.ts");
    for (const report of (await writeReport(directory)).files) {
      watcher.say(`The report is in ${relative(process.cwd(), report)}`);
    }
  } catch (error) {
    if (!(error instanceof MrError)) throw error;
    process.stderr.write(`tsmr: ${visibleLines(error.message)}\n`);
  }
}

interface Delivery {
  /** The job, if --json was asked for. */
  readonly view: JobView | undefined;
  readonly signal: AbortSignal;
  readonly say: Watcher["say"];
  /** Knows the directory of the job. */
  readonly hints: ResumeHints;
}

/**
 * Merges and searches the output as asked for, and says where it is.
 *
 * @param results the outputs, with what was written into them
 * @throws MrError when that fails or is cancelled; the job stays complete
 */
async function deliverOutput(
  result: JobResult,
  results: readonly LineFile[],
  { merge, top, out }: Options,
  { view, signal, say, hints }: Delivery,
): Promise<void> {
  const directory = resolve(out);
  let files = results;
  const isMerged = () => files[0]?.path === join(directory, MERGED_OUTPUT_NAME);
  let best: readonly NumberLine[] | undefined;
  try {
    if (merge === true && !isMerged()) {
      files = [await mergeResults(directory, files, signal, hints)];
    }
    if (top !== undefined) {
      const { topLines } = await import("../../mr/data/output/top-lines.ts");
      best = await topLines(storageFor(directory), files, top, signal);
    }
  } catch (error) {
    const what = merge === true && !isMerged() ? "merged" : "searched for --top";
    const code = error instanceof MrError ? error.code : "OUTPUT_UNWRITABLE";
    throw new MrError(
      signal.aborted ? "JOB_CANCELLED" : code,
      `The job is complete, but its output is not ${what}: ${describeCause(error)}`,
    );
  }
  for (const [name, count] of Object.entries(result.counters)) {
    // The job has reported these itself.
    if (name !== SKIPPED_RECORDS) say(`${name}: ${count}`);
  }
  const outputs = files.map(({ path }) => path);
  const [first = ""] = outputs;
  const names = outputs.length === 1 ? basename(first) : "mr-out-*";
  const folder = nearest(directory);
  say(`Done in ${(result.elapsedMs / 1000).toFixed(2)} s: the output is in ${folder}/${names}`);
  if (best?.length === 0) say("No value of it is a number, so there is nothing for --top");
  if (view !== undefined) {
    const { jobFigures } = await import("../job-figures.ts");
    const document = {
      directory,
      ...result,
      outputs,
      ...jobFigures(view),
      ...(best === undefined ? {} : { top: best.map(({ key, value }) => ({ key, value })) }),
    };
    printJson(document);
  } else if (best !== undefined) {
    const lines = best.map(({ key, text }) => `${key} ${text}\n`).join("");
    // A terminal would obey the control sequences of a key.
    printResult(process.stdout.isTTY ? visibleLines(lines) : lines);
  } else {
    const path = `${shellWord(folder)}/${names}`;
    // Each file is in the order of the keys, which no command for lines restores for all of them.
    const hint = outputs.length === 1 ? "" : "   (--merge makes one file of them, in order)";
    say(`To look at it: less ${path}${hint}`);
  }
}

/**
 * Merges the results of a complete job, which has released its directory. All is done in the directory that is locked
 * now, and nothing in another one that takes its place.
 */
async function mergeResults(
  directory: string,
  results: readonly LineFile[],
  signal: AbortSignal,
  hints: ResumeHints,
): Promise<LineFile> {
  const [{ mergeOutputs }, { lockDirectory }, { sealEventLog }] = await Promise.all([
    import("../../mr/data/output/merge-outputs.ts"),
    import("../../mr/control/log/directory-lock.ts"),
    import("../../mr/watch/history/event-log.ts"),
  ]);
  const lock = await lockDirectory(directory);
  const { directory: held } = lock;
  try {
    if (!hints.isInPlace) throw held.goneError();
    // From it, the merging can be resumed.
    sealEventLog(held);
    const files = results.map(({ path, written }) => ({ path: held.at(basename(path)), written }));
    const { written } = await mergeOutputs(storageIn(held), held.at(), files, {
      signal,
      beforeCommit: ({ bytes, crc32 }) => {
        held.check();
        sealEventLog(held, { type: "outputMerged", bytes, crc32 });
      },
    });
    held.check();
    return { path: join(directory, MERGED_OUTPUT_NAME), written };
  } catch (error) {
    throw held.explain(error);
  } finally {
    lock.unlock();
  }
}
