import type { Command } from "commander";
import { UsageError } from "../../mr/errors.ts";
import { writeChart, writeReport } from "../../mr/report/write-report.ts";
import type { Action } from "./catalog.ts";

interface Options {
  readonly out?: string;
  readonly chart?: true;
}

export function define(command: Command): Action {
  command
    .description(
      "Write a report of a job that has ended, completed or not: one HTML file with its result, its timeline, how evenly its work was distributed, and what failed.",
    )
    .argument("[dir]", "directory of the job", "mr-out")
    .option("-o, --out <file>", "file to write (default: report.html in the directory of the job)")
    .option(
      "--chart",
      "write a chart of the result instead, as SVG and PNG (default: chart.svg and chart.png)",
    )
    .addHelpText(
      "after",
      "\nExamples:\n  tsmr report counts\n  tsmr report counts --out word-count.html\n  tsmr report counts --chart",
    );
  return report;
}

async function report(directory: string, { out, chart }: Options): Promise<number> {
  if (chart === true && out !== undefined && /\.(gif|jpe?g|webp|pdf|html?)$/i.test(out)) {
    throw new UsageError(`a chart is written as .svg and .png, not to "${out}"`);
  }
  const written =
    chart === true
      ? await writeChart(directory, out?.replace(/\.(svg|png)$/i, ""))
      : [await writeReport(directory, out)];
  process.stdout.write(`${written.join("\n")}\n`);
  return 0;
}
