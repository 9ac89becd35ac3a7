/**
 * Makes docs/images/report.png, the picture in docs/report.md, from the report of a real job in which two workers
 * are killed. Needs the example data (`npm run data`) and Chromium.
 *
 *     npx tsx scripts/report-picture.ts
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { runJob } from "../src/mr/engines/run-job.ts";
import { writeReport } from "../src/mr/watch/report/write-report.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const BROWSER = process.argv[2] ?? "/usr/bin/chromium";
const SIZE = { width: 1180, height: 1060 };

/** Counts words slowly, so that the timeline is readable, and kills its worker twice. */
const APP = `
import { existsSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { defineApp, lines, sum, words } from "${ROOT}src/mr/index.ts";

export default defineApp({
  input: lines(),
  map(line, emit, { file, offset }) {
    const mark = "MARKS/" + basename(file);
    if (/jackson|polk/.test(file) && offset > 250_000 && !existsSync(mark)) {
      writeFileSync(mark, "");
      process.kill(process.pid, "SIGKILL");
    }
    const end = performance.now() + (file.includes("cleveland") ? 0.1 : 0.03);
    while (performance.now() < end);
    for (const word of words(line)) emit(word, 1);
  },
  combine: sum,
  reduce: (word, counts) => sum.of(counts),
});
`;

const home = mkdtempSync(join(tmpdir(), "tsmr-picture-"));
try {
  mkdirSync(join(home, "marks"));
  const app = join(home, "word-count.ts");
  writeFileSync(app, APP.replace("MARKS", join(home, "marks")));
  process.chdir(join(ROOT, "data"));
  const out = join(home, "counts");
  await runJob({ app, inputs: ["pg-*.txt"], out, workers: 3, splitBytes: 300_000 });
  const [report = ""] = (await writeReport(out)).files;
  // The picture shows no path of this machine.
  writeFileSync(report, readFileSync(report, "utf8").replaceAll(out, "/home/ada/counts"));
  const browser = await chromium.launch({ executablePath: BROWSER, args: ["--no-sandbox"] });
  const page = await browser.newPage({ viewport: SIZE });
  await page.goto(pathToFileURL(report).href);
  await page.screenshot({ path: join(ROOT, "docs/images/report.png") });
  await browser.close();
} finally {
  rmSync(home, { recursive: true, force: true });
}
