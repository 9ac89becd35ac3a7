import type { Command } from "commander";
import { destinationOf } from "../../mr/storage/file/destination.ts";
import { writeChart, writeReport } from "../../mr/watch/report/write-report.ts";
import { filePath } from "../parse-options.ts";
import { printResult } from "../print-result.ts";
import { checkReportRequest, type ReportOptions } from "../report-request.ts";
import type { Action } from "./catalog.ts";

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
  return (directory: string, options: ReportOptions) => report(directory, options, command.args);
}

async function report(
  directory: string,
  options: ReportOptions,
  words: readonly string[],
): Promise<number> {
  checkReportRequest(words.length === 0 ? [directory] : words, options);
  const { out, chart } = options;
  const written =
    chart === true
      ? await writeChart(directory, out?.replace(/\.(svg|png)$/i, ""))
      : [await writeReport(directory, out)];
  // Only a report that did not go to standard output leaves a path to print.
  const files = written.filter((path) => destinationOf(path).isReplaced);
  printResult(files.map((path) => `${path}\n`).join(""));
  return 0;
}
