import { visible } from "../../base/text.ts";
import { PHASES, SKIPPED_RECORDS } from "../../job/task.ts";
import { type Markup, markup } from "../format/markup.ts";
import { counted, formatBytes, formatDuration, formatNumber } from "../format/quantities.js";
import { shorten } from "../format/text-width.ts";
import { appFrames } from "../history/app-frames.ts";
import type { JobHistory } from "../history/job-history.ts";
import type { JobView } from "../history/job-view.ts";
import {
  bytesByReduce,
  type FailureFacts,
  phaseFacts,
  type TimedTask,
  timedTasks,
} from "./job-facts.ts";
import { medianOf } from "./value-statistics.ts";

const SLOWEST = 12;
const MAX_FAILURES = 50;
const MAX_COUNTERS = 500;
const MAX_SKIPPED = 100;
const MAX_TEXT = 4000;

/** @param names the number of columns of text, before those of numbers */
function table(heads: readonly string[], rows: readonly string[][], names: number): Markup {
  const kind = (at: number) => (at < names ? "name" : "number");
  return markup`<div class="scroll"><table><thead><tr>${heads.map((head, at) => {
    return markup`<th class="${kind(at)}">${head}</th>`;
  })}</tr></thead><tbody>${rows.map((row) => {
    return markup`<tr>${row.map((cell, at) => markup`<td class="${kind(at)}">${cell}</td>`)}</tr>`;
  })}</tbody></table></div>`;
}

/** The lines of a text, with their control characters made visible. */
export function showLines(text: string): string {
  return text.split("\n").map(visible).join("\n");
}

export function renderPhases(history: JobHistory): Markup {
  const { firstAttemptMs } = history.sessions[0] ?? history.last;
  const rows = PHASES.map((phase) => {
    const facts = phaseFacts(history, phase);
    const { done, elapsedMs, busyMs } = facts;
    const rate =
      elapsedMs > 0 && done.bytes > 0 ? `${formatBytes((done.bytes / elapsedMs) * 1000)}/s` : "–";
    return [
      phase,
      formatDuration(elapsedMs),
      formatNumber(facts.tasks),
      formatNumber(facts.attempts),
      formatNumber(facts.failed),
      elapsedMs > 0 ? (busyMs / elapsedMs).toFixed(1) : "–",
      formatNumber(done.records),
      done.bytes > 0 ? formatBytes(done.bytes) : "–",
      rate,
      formatDuration(done.cpuMs),
      formatBytes(facts.outputBytes),
    ];
  });
  const heads = ["Phase", "Took", "Tasks", "Attempts", "Failed", "At once", "Records", "Bytes"];
  const start =
    firstAttemptMs === undefined
      ? "No task was ever begun."
      : `The first task was begun after ${formatDuration(firstAttemptMs)}. Records and bytes are those read: input, uncompressed, or map outputs; “at once” is how many attempts were under way on average.`;
  return markup`<h2>Phases</h2>${table([...heads, "Rate", "Processor", "Output"], rows, 1)}<p class="about">${start}</p>`;
}

export function renderSlowest(history: JobHistory): Markup | undefined {
  const { view } = history.last;
  const maps = timedTasks(history, "map");
  const reduces = timedTasks(history, "reduce");
  const received = bytesByReduce(view);
  const median = (tasks: readonly TimedTask[]) => {
    return medianOf(tasks.map(({ elapsedMs }) => elapsedMs).reverse());
  };
  const medians = { map: median(maps), reduce: median(reduces) };
  const slowest = [...maps.slice(0, SLOWEST), ...reduces.slice(0, SLOWEST)]
    .sort((a, b) => b.elapsedMs - a.elapsedMs)
    .slice(0, SLOWEST);
  if (slowest.length === 0) return undefined;
  const rows = slowest.map((task) => [
    `${task.phase} ${task.task}`,
    task.phase === "map"
      ? inputOf(view, task)
      : `${formatBytes(received[task.task] ?? 0)} of map outputs`,
    formatDuration(task.elapsedMs),
    `${(task.elapsedMs / Math.max(medians[task.phase], 1e-3)).toFixed(1)} ×`,
    formatNumber(task.progress.records),
    formatBytes(task.progress.bytes),
    String(task.attempt),
    String(task.worker),
  ]);
  const heads = ["Task", "Input", "Took", "Of median", "Records", "Bytes", "Attempt", "Worker"];
  return markup`<h2>Slowest tasks</h2>${table(heads, rows, 2)}`;
}

function inputOf(view: JobView, { task }: TimedTask): string {
  const split = view.splits[task];
  if (split === undefined) return "–";
  const file = shorten(visible(split.file), 120);
  if (split.further !== undefined) {
    return `${file} and ${counted(split.further.length, "other file")}`;
  }
  return `${file}, bytes ${formatNumber(split.start)} to ${formatNumber(split.end)}`;
}

export function renderFailures(failures: readonly FailureFacts[]): Markup | undefined {
  if (failures.length === 0) return undefined;
  const items = failures.slice(0, MAX_FAILURES).map(({ atMs, what, failure, times, tasks }) => {
    const where = tasks.size > 1 ? `, in ${counted(tasks.size, "task")}` : "";
    const often = times > 1 && markup` <b>(${formatNumber(times)} times${where})</b>`;
    const message =
      failure !== undefined && markup`<br>${visible(failure.message.slice(0, MAX_TEXT))}`;
    const details =
      failure?.stack !== undefined &&
      markup`<details><summary>Stack</summary><pre>${showLines(appFrames(failure.stack).slice(0, MAX_TEXT))}</pre></details>`;
    return markup`<li><time>${formatDuration(atMs)}</time>${what}${often}${message}${details}</li>`;
  });
  const more = failures.length - items.length;
  const note =
    more > 0 && markup`<p class="about">And ${counted(more, "more failure")} of other kinds.</p>`;
  return markup`<h2>Failures</h2><ul class="failures">${items}</ul>${note}`;
}

export function renderSkipped({ skipped, last }: JobHistory): Markup | undefined {
  if (skipped.length === 0) return undefined;
  const rows = skipped.slice(0, MAX_SKIPPED).map(({ file = "", place, reason }) => {
    return [file, place, reason].map((text) => shorten(visible(text), 300));
  });
  const all = last.view.counters[SKIPPED_RECORDS] ?? 0;
  const note =
    all > rows.length &&
    markup`<p class="about">The list has ${formatNumber(rows.length)} of ${formatNumber(all)}.</p>`;
  return markup`<h2>Skipped records</h2>${table(["Input", "Place", "Reason"], rows, 3)}${note}`;
}

/** The app's counters. The number of skipped records is in the header instead. */
export function renderCounters(counters: Readonly<Record<string, number>>): Markup | undefined {
  const entries = Object.entries(counters)
    .filter(([name]) => name !== SKIPPED_RECORDS)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  if (entries.length === 0) return undefined;
  const rows = entries
    .slice(0, MAX_COUNTERS)
    .map(([name, count]) => [shorten(visible(name), 200), formatNumber(count)]);
  return markup`<h2>Counters</h2>${table(["Counter", "Count"], rows, 1)}`;
}
