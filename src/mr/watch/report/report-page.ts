import { visible } from "../../base/text.ts";
import { partsOf, splitBytes } from "../../job/split.ts";
import { type JobOutcome, SKIPPED_RECORDS } from "../../job/task.ts";
import { Markup, markup } from "../format/markup.ts";
import { counted, formatBytes, formatDuration, formatNumber } from "../format/quantities.js";
import { appFrames } from "../history/app-frames.ts";
import type { JobHistory } from "../history/job-history.ts";
import { sideBySide } from "./drawing.ts";
import { failureFacts, phaseFacts, total } from "./job-facts.ts";
import type { OutputSurvey } from "./output-survey.ts";
import { REPORT_SCRIPT, REPORT_STYLE } from "./report-style.ts";
import {
  renderCounters,
  renderFailures,
  renderPhases,
  renderSkipped,
  renderSlowest,
  showLines,
} from "./report-tables.ts";
import { drawSpread, drawTopKeys } from "./result-chart.ts";
import { renderSkew } from "./skew.ts";
import { renderTimeline } from "./timeline.ts";

/** The report of a job as a self-contained HTML page that loads nothing. */
export function renderReport(history: JobHistory, survey: OutputSurvey): string {
  const { view } = history.last;
  const title = `${nameOf(history)} · tsmr report`;
  const sections = [
    renderResult(survey),
    renderTimeline(history),
    renderPhases(history),
    renderSkew(history),
    renderSlowest(history),
    renderFailures(failureFacts(history)),
    renderSkipped(history),
    renderCounters(view.counters),
  ];
  const page = markup`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"><link rel="icon" href="data:,"><title>${title}</title><style>${new Markup(REPORT_STYLE)}</style></head>
<body>${renderHeader(history, survey)}
${sections.map((section) => markup`${section}\n`)}<footer>Made by <code>tsmr report</code> from the event log and the output of the job.</footer><div id="tip" hidden></div><script>${new Markup(REPORT_SCRIPT)}</script></body></html>
`;
  return page.text;
}

export function nameOf({ last }: JobHistory): string {
  return visible(last.view.app ?? "A job without a worker");
}

function renderHeader(history: JobHistory, survey: OutputSurvey): Markup {
  const { view } = history.last;
  const [first] = history.sessions;
  const resumed = history.sessions.length - 1;
  const times = resumed === 0 ? "" : `, resumed ${resumed === 1 ? "once" : `${resumed} times`}`;
  const when = `${dateOf(first?.view.startedAt ?? 0)}${times}`;
  const state = view.outcome?.state ?? "running";
  const words = view.outcome === undefined ? "not ended" : state;
  return markup`<header><h1>${nameOf(history)} <span class="outcome ${state}">${words}</span></h1><p class="about">${when} · ${visible(view.directory)}</p>${renderOutcome(view.outcome)}${renderSkippedNotice(view.counters)}${renderTiles(history, survey)}</header>`;
}

function renderOutcome(outcome: JobOutcome | undefined): Markup | undefined {
  if (outcome?.state === "completed") return undefined;
  if (outcome === undefined) {
    return markup`<p class="notice">The event log has no end: the job still runs, or its coordinator was killed. It can be resumed.</p>`;
  }
  if (outcome.state === "cancelled") {
    return markup`<p class="notice">The job was ended early: ${visible(outcome.reason)}</p>`;
  }
  const { message, stack } = outcome.failure;
  const trace = stack !== undefined && markup`<pre>${showLines(appFrames(stack))}</pre>`;
  return markup`<div class="notice"><strong>${visible(message)}</strong>${trace}</div>`;
}

function renderSkippedNotice(counters: Readonly<Record<string, number>>): Markup | undefined {
  const skipped = counters[SKIPPED_RECORDS];
  if (skipped === undefined) return undefined;
  return markup`<p class="notice">${counted(skipped, "record")} could not be used, and ${skipped === 1 ? "was" : "were"} left out of the result.</p>`;
}

function renderTiles(history: JobHistory, { lines, bytes, files }: OutputSurvey): Markup {
  const { sessions, last } = history;
  const { splits } = last.view;
  const inputs = new Set(splits.flatMap(partsOf).map(({ file }) => file)).size;
  const inputBytes = total(splits.map(splitBytes));
  const workers = sessions.flatMap(({ view }) => [...view.workers.values()]);
  const left = workers.filter(({ leftMs }) => leftMs !== undefined).length;
  const maps = phaseFacts(history, "map");
  const reduces = phaseFacts(history, "reduce");
  const elapsed = formatDuration(total(sessions.map(({ endMs }) => endMs)));
  const cpu = formatDuration(maps.done.cpuMs + reduces.done.cpuMs);
  const stayed = left === 0 ? "all stayed to the end" : `${formatNumber(left)} left before the end`;
  const backups = counted(maps.backups + reduces.backups, "backup");
  const tiles = [
    ["Elapsed", elapsed, `${cpu} of processor time`],
    ["Input", formatBytes(inputBytes), counted(inputs, "file")],
    ["Workers", formatNumber(workers.length), stayed],
    ["Map tasks", completedOf(maps), counted(maps.attempts, "attempt")],
    ["Reduce tasks", completedOf(reduces), counted(reduces.attempts, "attempt")],
    ["Failed attempts", formatNumber(maps.failed + reduces.failed), `${backups} for stragglers`],
    ["Output lines", formatNumber(lines), `${formatBytes(bytes)} in ${counted(files, "file")}`],
  ] as const;
  return markup`<dl class="tiles">${tiles.map(([name, value, more]) => {
    return markup`<div><dt>${name}</dt><dd>${value}<small>${more}</small></dd></div>`;
  })}</dl>`;
}

function completedOf({ completed, tasks }: ReturnType<typeof phaseFacts>): string {
  return `${formatNumber(completed)}${completed === tasks ? "" : ` of ${formatNumber(tasks)}`}`;
}

function renderResult(survey: OutputSurvey): Markup {
  const problems = survey.problems
    .slice(0, 5)
    .map((line) => markup`<p class="notice">${visible(line)}</p>`);
  if (survey.spread.count === 0) {
    return markup`<h2>Result</h2>${problems}<p>${survey.lines === 0 ? "There is no output." : "Nothing in the output can be measured."}</p>`;
  }
  const keys = drawTopKeys(survey);
  const charts = [keys, drawSpread(survey, Math.max(320, keys.height))];
  const missing = survey.lines - survey.spread.count;
  const note =
    missing > 0 &&
    markup`<p class="about">${counted(missing, "line")} without such a number ${missing === 1 ? "is" : "are"} not in these charts.</p>`;
  return markup`<h2>Result</h2>${problems}${sideBySide(charts)}${note}`;
}

function dateOf(ms: number): string {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return "at an unknown time";
  return `${date.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}
