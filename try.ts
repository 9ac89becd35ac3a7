import { writeFileSync } from "node:fs";
import { surveyOutput } from "./src/mr/report/output-survey.ts";
import { renderResultChart } from "./src/mr/report/result-chart.ts";
import { renderPng } from "./src/mr/report/render-png.ts";
for (const d of process.argv.slice(2)) {
  console.time("survey"); const s = await surveyOutput(d); console.timeEnd("survey");
  const c = renderResultChart(s, `${d} out of 8 inputs`);
  writeFileSync(`${d}/chart.svg`, c.content.text);
  console.time("png"); writeFileSync(`${d}/chart.png`, await renderPng(c)); console.timeEnd("png");
  console.log(s.label, s.lines, c.content.text.length);
}
