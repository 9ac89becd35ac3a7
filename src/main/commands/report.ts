import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Command } from "commander";
import { isDirectory } from "../../mr/base/directories.ts";
import { UsageError } from "../../mr/base/errors.ts";
import { checkPathOfJob } from "../../mr/base/socket-path.ts";
import { visible, visibleLines } from "../../mr/base/text.ts";
import { EVENT_LOG_NAME } from "../../mr/job/names.ts";
import { writeChart, writeReport } from "../../mr/watch/report/write-report.ts";
import { filePath } from "../options.ts";
import { problemOfOutFile } from "../out-path.ts";
import { printResult } from "../print-result.ts";
import { shellWord } from "../shell-words.ts";
import type { Action } from "./catalog.ts";

export interface ReportOptions {
  readonly out?: string;
  readonly chart?: true;
}

export function define(command: Command): Action {
  command
    .description(
      "Write a report of a job that has ended, completed or not: one HTML file with its result, its timeline, how evenly its work was distributed, and what failed.",
    )
    .argument("[dir]", "directory of the job", filePath, "mr-out")
    .option(
      "-o, --out <file>",
      "file to write (default: report.html or, with --chart, chart.svg and chart.png, in the directory of the job)",
      filePath,
    )
    .option("--chart", "write a chart of the result instead, as SVG and as PNG")
    .addHelpText(
      "after",
      "\nExamples:\n  tsmr report counts\n  tsmr report counts --out word-count.html\n  tsmr report counts --chart\n  tsmr report counts --chart --out word-count.png",
    )
    // An excess argument is most likely the file to write, which checkReportRequest says better than the parser.
    .allowExcessArguments();
  return async (directory: string, options: ReportOptions) => {
    checkReportRequest(command.args.length === 0 ? [directory] : command.args, options);
    checkPathOfJob(directory);
    if (!isDirectory(directory)) {
      const isThere = existsSync(directory);
      const what = isThere
        ? `No job can have run in "${directory}": it is not a directory`
        : `No job has run in directory "${directory}": it does not exist`;
      throw new UsageError(`${what}; name the directory of a job's output, the --out of tsmr run`);
    }
    const { out, chart } = options;
    // A report that goes to standard output leaves no path to print.
    const { files, problems } =
      chart === true
        ? { files: await writeChart(directory, out?.replace(/\.(svg|png)$/i, "")), problems: [] }
        : await writeReport(directory, out);
    // A program that reads the paths gets them as they are.
    const name = process.stdout.isTTY ? visible : String;
    printResult(files.map((path) => `${name(path)}\n`).join(""));
    for (const problem of problems) process.stderr.write(visibleLines(`tsmr: ${problem}\n`));
    return problems.length === 0 ? 0 : 1;
  };
}

/**
 * Refuses wrong arguments of `tsmr report`, and suggests the right command where it is clear what was
 * meant.
 *
 * @param words the arguments, which should be one directory of a job
 * @throws UsageError
 */
export function checkReportRequest(words: readonly string[], options: ReportOptions): void {
  const problem = problemOfWords(words, options) ?? problemOfOut(options);
  if (problem !== undefined) throw new UsageError(`${problem} (see tsmr report --help)`);
}

/** The file to write is easily taken for an argument, or for the value of `--chart`. */
function problemOfWords(
  words: readonly string[],
  { out, chart }: ReportOptions,
): string | undefined {
  const command = (directory: string, file?: string) => {
    const target = file === undefined ? "" : ` --out ${shellWord(file)}`;
    const where = directory === "" ? "" : ` ${shellWord(directory)}`;
    return `tsmr report${where}${chart === true ? " --chart" : ""}${target}`;
  };
  const [word = ""] = words;
  if (words.length > 1) {
    const [directory, ...others] = words.filter(isDirectory);
    const [file, ...rest] = words.filter((other) => other !== directory);
    const isClear = others.length === 0 && rest.length === 0 && out === undefined;
    return directory !== undefined && file !== undefined && isClear
      ? `--out names the file: ${command(directory, file)}`
      : "a report is of one job: name its directory alone";
  }
  if (isDirectory(word) || (!hasEnding(word) && !existsSync(word))) return undefined;
  const directory = dirname(word);
  if (existsSync(join(directory, EVENT_LOG_NAME))) {
    return `name the directory of the job, not a file in it: ${command(directory)}`;
  }
  return hasEnding(word) ? `--out names the file: ${command("", word)}` : undefined;
}

function problemOfOut({ out, chart }: ReportOptions): string | undefined {
  if (out === undefined) return undefined;
  const usual = chart === true ? "chart.png" : "report.html";
  if (/[/\\]$/.test(out) || isDirectory(out)) {
    return `--out names a file, not a directory: --out ${shellWord(join(out, usual))}`;
  }
  if (/^(\.(svg|png))?$/i.test(basename(out))) return `--out names no file: "${out}"`;
  const problem = problemOfOutFile(out);
  if (problem !== undefined) return `Cannot write "${out}": ${problem}`;
  if (chart === true) {
    if (!/\.(gif|jpe?g|webp|pdf|html?)$/i.test(out)) return undefined;
    return `a chart is written as .svg and .png, not to "${out}"`;
  }
  const [, ending] = /\.(svg|png|gif|jpe?g|webp|pdf)$/i.exec(out) ?? [];
  if (ending === undefined) return undefined;
  const hint = /svg|png/i.test(ending) ? "; for a chart, add --chart" : "";
  return `a report is written as .html, not to "${out}"${hint}`;
}

/** Whether this is named like a file that the command writes. */
function hasEnding(path: string): boolean {
  return /\.(svg|png|html?)$/i.test(path);
}
