import { type Markup, markup } from "../format/markup.ts";
import { formatBytes, formatDuration } from "../format/quantities.js";
import type { JobHistory } from "../history/job-history.ts";
import type { Drawing } from "./drawing.ts";
import { standAlone } from "./drawing.ts";
import { bytesByReduce, timedTasks, total } from "./job-facts.ts";
import { medianOf } from "./result-chart.ts";
import { drawDurations, drawReduceBytes, drawShuffle } from "./skew-charts.ts";

/** How evenly the work was distributed. */
export function renderSkew(history: JobHistory): Markup | undefined {
  const { view } = history.last;
  const charts: Drawing[] = [];
  const facts: string[] = [];
  for (const phase of ["map", "reduce"] as const) {
    const durations = timedTasks(history, phase).map(({ elapsedMs }) => elapsedMs);
    if (durations.length === 0) continue;
    charts.push(drawDurations(durations, phase));
    const median = medianOf([...durations].reverse());
    facts.push(
      `the slowest ${phase} task took ${formatDuration(durations[0] ?? 0)}, the median one ${formatDuration(median)}`,
    );
  }
  const bytes = bytesByReduce(view);
  const all = total(bytes);
  if (all > 0) {
    charts.push(drawReduceBytes(bytes));
    const outputs = view.tasks("map").map(({ outputBytes }) => outputBytes);
    charts.push(drawShuffle(outputs, bytes.length));
    const most = bytes.reduce((max, value) => Math.max(max, value), 0);
    const times = ((most * bytes.length) / all).toFixed(2);
    facts.push(`the largest reduce task was given ${formatBytes(most)}, ${times} times the mean`);
  }
  if (charts.length === 0) return undefined;
  const text = facts.join("; ");
  return markup`<h2>Skew</h2><p class="about">${text.slice(0, 1).toUpperCase()}${text.slice(1)}.</p><div class="charts">${charts.map((chart) => markup`<div>${standAlone(chart)}</div>`)}</div>`;
}
