import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { type Command, Option } from "commander";
import { checkReduces, loadApp, minReducesOf } from "../../mr/app/load/load-app.ts";
import { isDirectory } from "../../mr/base/directories.ts";
import { MrError, UsageError } from "../../mr/base/errors.ts";
import { HeldDirectory } from "../../mr/base/held-directory.ts";
import { StrayErrors } from "../../mr/base/stray-errors.ts";
import { visibleLines } from "../../mr/base/text.ts";
import { describeThrown } from "../../mr/base/thrown.ts";
import { type DirectoryLock, lockDirectory } from "../../mr/control/log/directory-lock.ts";
import { type AppRun, runApp } from "../../mr/engines/sequential/run-app.ts";
import { writeOutput } from "../../mr/engines/sequential/write-output.ts";
import type { MaxBadRecords } from "../../mr/job/bad-records.ts";
import type { InputFile } from "../../mr/job/job-spec.ts";
import { DEFAULT_MAX_BAD_RECORDS, DEFAULT_REDUCES } from "../../mr/job/limits.ts";
import { isJobFile, isResultName, reduceOutputName } from "../../mr/job/names.ts";
import { INEXACT_SUMS } from "../../mr/job/task.ts";
import { destinationOf, isSameFile, resolveInputs } from "../../mr/storage/registry.ts";
import { describeNotUtf8 } from "../../mr/watch/format/describe-event.ts";
import { guardExit } from "../exit-guard.ts";
import { addApp, addOptions, filePath } from "../options.ts";
import { problemOfOutFile } from "../out-path.ts";
import { ownDescriptor, printAppOnStandardError, printTo } from "../print-result.ts";
import { endWithAction, stopWatchingForNothingLeft } from "../run-command.ts";
import { RESULT_DESCRIPTOR, runWithoutStandardOutput } from "../without-standard-output.ts";
import type { Action } from "./catalog.ts";

const HELP = `
Examples:
  tsmr sequential wc 'books/*.txt'
  tsmr sequential ./app.ts small.txt --out expected
  tsmr sequential wc small.txt --out /dev/stdout | sort -k2nr

It shares nothing with tsmr run but the app, so it is what that can be compared with: the output of a job,
merged, is the same. Where keys or values contain line feeds, tsmr run --merge refuses to merge, unless the
output format escapes them. Everything is in memory.`;

const DEFAULT_OUT = reduceOutputName(0);
/** The output is passed on to {@link RESULT_DESCRIPTOR}. */
const PARENT = Symbol("parent");

/** Whether links are followed: see {@link writeOutput}. */
type NamedBy = "user" | "program";

/** Options of the run itself. */
interface RunOptions {
  readonly maxBadRecords?: MaxBadRecords;
  /** The number of reduce tasks that the app's partitioner is called with. */
  readonly reduces?: number;
}

interface Options extends RunOptions {
  readonly out: string;
  /** See {@link runWithoutStandardOutput}. */
  readonly asChild?: true;
}

export function define(command: Command): Action {
  addApp(command)
    .description("Run a job in this one process, without any machinery.")
    .argument("<inputs...>", "input files, directories or quoted patterns")
    .option("-o, --out <file>", "the output file", filePath, DEFAULT_OUT);
  addOptions(command, "maxBadRecords", "reduces").addHelpText("after", HELP);
  command.addOption(new Option("--as-child").hideHelp());
  return (spec: string, patterns: string[], { out, asChild, ...options }: Options) => {
    if (asChild === true) return runInThisProcess("tsmr", spec, patterns, PARENT, options);
    if (isDirectory(out)) {
      throw new UsageError(`--out names a directory, not a file: "${out}"`);
    }
    const problem = problemOfOutFile(out);
    if (problem !== undefined) throw new UsageError(`Cannot write output "${out}": ${problem}`);
    const descriptor = out === DEFAULT_OUT ? undefined : ownDescriptor(out);
    if (descriptor === undefined) return runInThisProcess("tsmr", spec, patterns, out, options);
    const { maxBadRecords, reduces } = options;
    const limit = maxBadRecords === undefined ? [] : ["--max-bad-records", String(maxBadRecords)];
    const tasks = reduces === undefined ? [] : ["--reduces", String(reduces)];
    return runWithoutStandardOutput(
      ["sequential", "--as-child", ...limit, ...tasks, "--", spec, ...patterns],
      descriptor,
    );
  };
}

/**
 * Runs a job sequentially and writes its output to a file. What the app prints goes to standard error.
 *
 * @param program the name of the command
 * @param out the file, which is not standard output
 * @returns the exit code
 * @throws MrError when an input cannot be read, the app fails, too many records are bad, or the output cannot be
 *   written
 */
export async function runInThisProcess(
  program: string,
  spec: string,
  patterns: readonly string[],
  out: string | typeof PARENT = DEFAULT_OUT,
  { maxBadRecords = DEFAULT_MAX_BAD_RECORDS, reduces }: RunOptions = {},
): Promise<number> {
  endWithAction();
  // Inputs and app are checked before anything runs, so that a wrong argument costs no time.
  const inputDirectory = process.cwd();
  const inputs = await resolveInputs(patterns, inputDirectory);
  // Before the app is loaded, which may change the current directory. A slash at the end must stay.
  const path = out === PARENT || isAbsolute(out) ? out : `${inputDirectory}/${out}`;
  const namedBy = out === DEFAULT_OUT ? "program" : "user";
  const name = String(out);
  // Before the app is loaded, which may print too, or end the process.
  printAppOnStandardError();
  const endGuard = guardExit(program, spec);
  let target: Target | undefined;
  try {
    const loaded = await loadApp(spec);
    const tasks = reduces ?? Math.max(DEFAULT_REDUCES, minReducesOf(loaded));
    checkReduces(loaded, tasks);
    const job = { inputs, inputDirectory, reduces: tasks, isMerged: true };
    if (path !== PARENT) target = await takeTarget(path, namedBy, inputs, inputDirectory);
    const run = runApp(loaded.app, { ...job, skipBadRecords: false, maxBadRecords });
    const { outputs, replaced, counters } = await withoutStrayErrors(program, spec, run);
    for (const where of replaced) {
      process.stderr.write(visibleLines(`${program}: ${describeNotUtf8(where)}\n`));
    }
    const inexact = counters[INEXACT_SUMS];
    if (inexact !== undefined) process.stderr.write(`${program}: ${INEXACT_SUMS}: ${inexact}\n`);
    const lines = outputs.flat();
    if (path === PARENT) printTo(RESULT_DESCRIPTOR, Buffer.concat(lines));
    else if (target === undefined) await writeOutput(path, lines, namedBy, name);
    else await writeTarget(path, namedBy, name, target, lines);
  } finally {
    target?.lock?.unlock();
    target?.directory.close();
    endGuard();
  }
  return 0;
}

/** The file that an output replaces, and its directory, which stays the same one while the job runs. */
interface Target {
  readonly directory: HeldDirectory;
  readonly name: string;
  /** Undefined for a file that belongs to no job. */
  readonly lock: DirectoryLock | undefined;
}

/**
 * Finds the file that an output replaces. If it has the name of a job's file, its directory is locked against jobs that
 * run or begin there.
 *
 * @returns undefined for an output that is no file, or whose directory does not exist, which writing it reports
 * @throws MrError `OUTPUT_EXISTS` when the file is an input; those of a lock
 */
async function takeTarget(
  out: string,
  namedBy: NamedBy,
  inputs: readonly InputFile[],
  inputDirectory: string,
): Promise<Target | undefined> {
  const path = targetOf(out, namedBy);
  if (path === undefined || !isDirectory(dirname(path))) return undefined;
  const input = inputs.find(({ url }) => isSameFile(path, url, inputDirectory));
  if (input !== undefined) {
    const what = `Input "${input.url}" is the file that the output replaces`;
    throw new MrError("OUTPUT_EXISTS", `${what}: move it, or choose another file for the output`);
  }
  const name = basename(path);
  if (!isJobFile(name) && !isResultName(name)) {
    return { directory: HeldDirectory.open(dirname(path)), name, lock: undefined };
  }
  const lock = await lockDirectory(dirname(path));
  return { directory: lock.directory, name, lock };
}

/** Absolute path of the file that an output replaces; undefined for one that is no file, or can't be looked at. */
function targetOf(out: string, namedBy: NamedBy): string | undefined {
  // A link with a name of this program is replaced.
  if (namedBy === "program") return resolve(out);
  try {
    const path = destinationOf(out);
    return path === undefined ? undefined : resolve(path);
  } catch {
    // Writing it reports the reason.
    return undefined;
  }
}

/** @throws MrError when it can't be written, or its directory was removed or replaced since the job began */
async function writeTarget(
  out: string,
  namedBy: NamedBy,
  shownName: string,
  { directory, name, lock }: Target,
  lines: readonly Buffer[],
): Promise<void> {
  directory.check();
  lock?.check();
  if (targetOf(out, namedBy) !== join(directory.path, name)) {
    const why = "it leads to another file than when the job began";
    throw new MrError("OUTPUT_UNWRITABLE", `Cannot write output "${shownName}": ${why}`);
  }
  try {
    await writeOutput(directory.at(name), lines, "program");
  } catch (error) {
    throw directory.explain(error);
  }
  directory.check();
}

/**
 * Waits for a run. An error that the app throws elsewhere, such as in a promise that it does not await, fails it.
 *
 * @throws MrError
 */
async function withoutStrayErrors(
  program: string,
  spec: string,
  running: Promise<AppRun>,
): Promise<AppRun> {
  // This reports a promise that never settles.
  stopWatchingForNothingLeft();
  const strayErrors = new StrayErrors(program);
  try {
    return await strayErrors.during(running);
  } catch (error) {
    if (error instanceof MrError) throw error;
    const { unsettled } = strayErrors;
    const what =
      error === unsettled
        ? `Cannot go on with app "${spec}": ${unsettled.message}`
        : `The app failed: ${describeThrown(error)}`;
    throw new MrError("APP_THREW", what, { cause: error });
  } finally {
    strayErrors.close();
  }
}
