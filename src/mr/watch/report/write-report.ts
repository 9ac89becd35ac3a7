import { join } from "node:path";
import { describeCause, MrError } from "../../base/errors.ts";
import { publishFile } from "../../storage/file/destination.ts";
import { readHistory } from "../history/job-history.ts";
import { surveyOutput } from "./output-survey.ts";
import { renderPng } from "./render-png.ts";
import { nameOf, renderReport } from "./report-page.ts";
import { renderResultChart } from "./result-chart.ts";

/**
 * Writes the report of a job as one HTML file.
 *
 * @param directory the job directory
 * @param path the file, which is replaced; by default `report.html` in the job directory
 * @returns the path of the file
 * @throws MrError if the directory has no event log, or the file cannot be written
 */
export async function writeReport(directory: string, path?: string): Promise<string> {
  const history = await readHistory(directory);
  const survey = await surveyOutput(directory);
  const target = path ?? join(directory, "report.html");
  publish(target, renderReport(history, survey));
  return target;
}

/**
 * Writes a chart of a job's result as SVG and as PNG.
 *
 * @param directory the job directory
 * @param path the file without its extension; by default `chart` in the job directory
 * @returns the paths of the files
 * @throws MrError if the directory has neither output nor event log, or a file cannot be written
 */
export async function writeChart(directory: string, path?: string): Promise<string[]> {
  const survey = await surveyOutput(directory);
  const title =
    survey.files.length > 0 ? await titleOf(directory) : nameOf(await readHistory(directory));
  const chart = renderResultChart(survey, title);
  const base = path ?? join(directory, "chart");
  publish(`${base}.svg`, `${chart.content.text}\n`);
  publish(`${base}.png`, await renderPng(chart));
  return [`${base}.svg`, `${base}.png`];
}

/** The title of a chart; "Output" if there is no event log. */
async function titleOf(directory: string): Promise<string> {
  try {
    return nameOf(await readHistory(directory));
  } catch (error) {
    if (error instanceof MrError) return "Output";
    throw error;
  }
}

function publish(path: string, contents: string | Buffer): void {
  try {
    publishFile(path, [Buffer.from(contents)]);
  } catch (error) {
    throw new MrError("OUTPUT_UNWRITABLE", `Cannot write "${path}": ${describeCause(error)}`);
  }
}
