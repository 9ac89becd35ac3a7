import { join } from "node:path";
import { assetPath } from "../../base/assets.ts";
import { describeCause, MrError } from "../../base/errors.ts";
import { storageFor } from "../../storage/registry.ts";
import { readHistory } from "../history/job-history.ts";
import { writtenOutput } from "../history/written-results.ts";
import type { Drawing } from "./drawing.ts";
import { surveyOutput } from "./output-survey.ts";
import { nameOf, renderReport } from "./report-page.ts";
import { renderResultChart } from "./result-chart.ts";

/** For screens of high resolution. */
const PIXELS_PER_UNIT = 2;
/** The characters of the bundled fonts: Latin, Greek and Cyrillic letters, and punctuation. */
const COVERED = /^[\n -\u024f\u0370-\u03ff\u0400-\u045f\u0490-\u0491\u2000-\u206f\u20ac\u2116]*$/;
const FONT_FILES = ["latin", "latin-ext", "latin-semibold", "greek", "cyrillic"].map((part) => {
  return assetPath(`mr/watch/report/fonts/noto-sans-${part}.ttf`);
});

/** What a report consists of. */
interface Report {
  /** The paths of its files; none of one that has gone through a pipe or a device. */
  readonly files: readonly string[];
  /** The results that the page can't tell of, and why. */
  readonly problems: readonly string[];
}

/**
 * Writes the report of a job as one HTML file. It is made of the event log, also where results are lost or spoiled.
 *
 * @param directory the job directory
 * @param path the file, which is replaced; by default `report.html` in the job directory
 * @throws MrError if the directory has no event log, or the file cannot be written
 */
export async function writeReport(directory: string, path?: string): Promise<Report> {
  const history = await readHistory(directory);
  const survey = await surveyOutput(directory, writtenOutput(history));
  const page = renderReport(history, survey);
  const files =
    path === undefined
      ? await publish(join(directory, "report.html"), page, "program")
      : await publish(path, page, "user");
  return { files, problems: survey.problems };
}

/**
 * Writes a chart of a job's result as SVG and as PNG.
 *
 * @param directory the job directory
 * @param path the file without its extension; by default `chart` in the job directory
 * @returns the paths of the files; none of one that has gone through a pipe or a device
 * @throws MrError if the directory has neither output nor event log, or a file cannot be written; `OUTPUT_UNREADABLE`
 *   when a result of a complete job is lost or is not what was written
 */
export async function writeChart(directory: string, path?: string): Promise<string[]> {
  const history = await readHistory(directory).catch((error: unknown) => {
    if (error instanceof MrError) return error;
    throw error;
  });
  const written = history instanceof MrError ? undefined : writtenOutput(history);
  const survey = await surveyOutput(directory, written);
  const [problem] = survey.problems;
  if (written !== undefined && problem !== undefined) {
    throw new MrError("OUTPUT_UNREADABLE", `Cannot draw the result: ${problem}`);
  }
  // There may be output without an event log.
  if (history instanceof MrError && survey.files === 0) throw history;
  const title = history instanceof MrError ? "Output" : nameOf(history);
  const chart = renderResultChart(survey, title);
  const base = path ?? join(directory, "chart");
  const namedBy = path === undefined ? "program" : "user";
  return [
    ...(await publish(`${base}.svg`, `${chart.content.text}\n`, namedBy)),
    ...(await publish(`${base}.png`, await renderPng(chart), namedBy)),
  ];
}

async function publish(
  path: string,
  contents: string | Buffer,
  namedBy: "user" | "program",
): Promise<string[]> {
  try {
    const isFile = await storageFor(path).publish(path, [Buffer.from(contents)], namedBy);
    return isFile ? [path] : [];
  } catch (error) {
    throw new MrError("OUTPUT_UNWRITABLE", `Cannot write "${path}": ${describeCause(error)}`);
  }
}

/**
 * Renders a complete SVG as a PNG. Latin, Greek and Cyrillic text looks the same on every machine; other
 * scripts use the fonts of the system.
 *
 * @throws MrError DISPLAY_UNAVAILABLE if the renderer cannot be loaded
 */
export async function renderPng({ content, width }: Drawing): Promise<Buffer> {
  try {
    const { Resvg } = await import("@resvg/resvg-js");
    const image = new Resvg(content.text, {
      font: {
        fontFiles: FONT_FILES,
        loadSystemFonts: !COVERED.test(content.text),
        defaultFontFamily: "Noto Sans",
        sansSerifFamily: "Noto Sans",
      },
      fitTo: { mode: "width", value: width * PIXELS_PER_UNIT },
    });
    return image.render().asPng();
  } catch (error) {
    throw new MrError("DISPLAY_UNAVAILABLE", `Cannot draw a PNG: ${describeCause(error)}`);
  }
}
