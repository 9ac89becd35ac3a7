import { existsSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { type Command, Option } from "commander";
import { loadApp } from "../../mr/app/load/load-app.ts";
import { isDirectory } from "../../mr/base/directories.ts";
import { UsageError } from "../../mr/base/errors.ts";
import { visibleLines } from "../../mr/base/text.ts";
import { lockDirectory } from "../../mr/control/log/directory-lock.ts";
import { runApp, writeOutput } from "../../mr/engines/sequential/run-app.ts";
import type { MaxBadRecords } from "../../mr/job/bad-records.ts";
import { DEFAULT_MAX_BAD_RECORDS } from "../../mr/job/limits.ts";
import { isJobFile, isResultName, reduceOutputName } from "../../mr/job/names.ts";
import { resolveInputs } from "../../mr/storage/registry.ts";
import { describeNotUtf8 } from "../../mr/watch/format/describe-event.ts";
import { addApp, addOptions, filePath } from "../options.ts";
import { isStandardOutput, printAppOnStandardError, printTo } from "../print-result.ts";
import { endWithAction } from "../run-command.ts";
import { RESULT_DESCRIPTOR, runWithoutStandardOutput } from "../without-standard-output.ts";
import type { Action } from "./catalog.ts";

const HELP = `
Examples:
  tsmr sequential wc 'books/*.txt'
  tsmr sequential ./app.ts small.txt --out expected
  tsmr sequential wc small.txt --out /dev/stdout | sort -k2nr

It shares nothing with tsmr run but the app, so it is what that can be compared with: the output of a job,
merged, is the same. Everything is in memory.`;

const DEFAULT_OUT = reduceOutputName(0);
/** The output is passed on to {@link RESULT_DESCRIPTOR}. */
const PARENT = Symbol("parent");

interface Options {
  readonly out: string;
  readonly maxBadRecords?: MaxBadRecords;
  /** See {@link runWithoutStandardOutput}. */
  readonly asChild?: true;
}

export function define(command: Command): Action {
  addApp(command)
    .description("Run a job in this one process, without any machinery.")
    .argument("<inputs...>", "input files, directories or quoted patterns")
    .option("-o, --out <file>", "the output file", filePath, DEFAULT_OUT);
  addOptions(command, "maxBadRecords").addHelpText("after", HELP);
  command.addOption(new Option("--as-child").hideHelp());
  return (spec: string, patterns: string[], { out, maxBadRecords, asChild }: Options) => {
    if (asChild === true) return runInThisProcess("tsmr", spec, patterns, PARENT, maxBadRecords);
    if (isDirectory(out)) {
      throw new UsageError(`--out names a directory, not a file: "${out}"`);
    }
    const isToFile = out === DEFAULT_OUT || !isStandardOutput(out);
    if (isToFile) return runInThisProcess("tsmr", spec, patterns, out, maxBadRecords);
    const limit = maxBadRecords === undefined ? [] : ["--max-bad-records", String(maxBadRecords)];
    return runWithoutStandardOutput([
      ...["sequential", "--as-child", ...limit, "--", spec, ...patterns],
    ]);
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
  maxBadRecords: MaxBadRecords = DEFAULT_MAX_BAD_RECORDS,
): Promise<number> {
  endWithAction();
  // Inputs and app are checked before anything runs, so that a wrong argument costs no time.
  const inputDirectory = process.cwd();
  const inputs = await resolveInputs(patterns, inputDirectory);
  // Before the app is loaded, which may print too.
  printAppOnStandardError();
  const { app } = await loadApp(spec);
  const job = { inputs, inputDirectory, reduces: 1, skipBadRecords: false, maxBadRecords };
  const unlock = out === PARENT ? undefined : await lockForResult(out);
  try {
    const { outputs, replaced } = await runApp(app, job);
    for (const where of replaced) {
      process.stderr.write(visibleLines(`${program}: ${describeNotUtf8(where)}\n`));
    }
    const lines = outputs.flat();
    if (out === PARENT) printTo(RESULT_DESCRIPTOR, Buffer.concat(lines));
    else await writeOutput(out, lines, out === DEFAULT_OUT ? "program" : "user");
  } finally {
    unlock?.();
  }
  return 0;
}

/**
 * Locks the directory of an output that has the name of a job's file, against jobs that run or begin there. A file
 * of another name belongs to no job.
 */
async function lockForResult(out: string): Promise<(() => void) | undefined> {
  const path = resolve(out);
  const name = basename(path);
  const isOfJob = isJobFile(name) || isResultName(name);
  // Writing reports a directory that does not exist.
  return isOfJob && existsSync(dirname(path)) ? await lockDirectory(dirname(path)) : undefined;
}
