import { PHASES, type Phase } from "../../job/task.ts";
import { type Markup, markup } from "../format/markup.ts";
import {
  counted,
  formatBytes,
  formatDuration,
  formatNumber,
  niceStep,
} from "../format/quantities.js";
import type { JobHistory } from "../history/job-history.ts";
import {
  type Drawing,
  drawColumn,
  drawXAxis,
  drawYAxis,
  linearScale,
  linearTicks,
  sideBySide,
  timeTicks,
  wholeTicks,
} from "./drawing.ts";
import { bytesByReduce, timedTasks, total } from "./job-facts.ts";
import { medianOf } from "./value-statistics.ts";

const WIDTH = 560;
const HEIGHT = 220;
const BOX = { left: 66, right: WIDTH - 24, top: 34, bottom: HEIGHT - 28 };
const MIN_BINS = 12;
const MAX_BINS = 60;
/** More bars than this are grouped. */
const MAX_BARS = 80;
const MAX_ROWS = 24;
const MAX_COLUMNS = 40;

export function renderSkew(history: JobHistory): Markup | undefined {
  const { view } = history.last;
  const charts: Drawing[] = [];
  const facts: string[] = [];
  for (const phase of PHASES) {
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
  return markup`<h2>Skew</h2><p class="about">${text.slice(0, 1).toUpperCase()}${text.slice(1)}.</p>${sideBySide(charts)}`;
}

export function drawDurations(durationsMs: readonly number[], phase: Phase): Drawing {
  const longest = Math.max(...durationsMs.slice(0, 1), ...durationsMs.slice(-1), 1e-3);
  const wanted = Math.min(MAX_BINS, Math.max(MIN_BINS, 4 * Math.sqrt(durationsMs.length)));
  const step = niceStep(longest, wanted);
  const bins = new Array<number>(Math.floor(longest / step) + 1).fill(0);
  for (const ms of durationsMs) {
    const at = Math.floor(ms / step);
    bins[at] = (bins[at] ?? 0) + 1;
  }
  const x = linearScale(0, bins.length * step, BOX.left, BOX.right);
  const most = bins.reduce((max, count) => Math.max(max, count), 1);
  const y = linearScale(0, most * 1.05, BOX.bottom, BOX.top);
  const bars = bins.map((count, at) => {
    // Rare durations stay visible.
    const height = count === 0 ? 0 : Math.max(1.5, BOX.bottom - y(count));
    const [from, to] = [at * step, (at + 1) * step];
    const title = `${formatDuration(from)} to ${formatDuration(to)}: ${counted(count, "task")}`;
    return drawColumn(phase, [from, to], x, BOX.bottom - height, BOX, title);
  });
  const ticks = timeTicks(bins.length * step).filter((_, at) => at % 2 === 0);
  const heading = `How long ${phase} tasks took`;
  const sorted = durationsMs.toSorted((a, b) => a - b);
  const name = `${heading}: ${describeRange(sorted, formatDuration)}, the median one ${formatDuration(medianOf(sorted))}`;
  const content = markup`<text class="heading" x="0" y="16">${heading}</text>${drawYAxis(BOX, wholeTicks(most * 1.05, 4), y)}${bars}${drawXAxis({ ...BOX, top: BOX.bottom }, ticks, x)}`;
  return { width: WIDTH, height: HEIGHT, content, name };
}

/** @param sorted in ascending order */
function describeRange(sorted: readonly number[], format: (value: number) => string): string {
  const [least = 0, most = 0] = [sorted[0], sorted.at(-1)];
  return `${counted(sorted.length, "task")}, from ${format(least)} to ${format(most)}`;
}

/** Bars of the bytes for each reduce task; the largest of each group if there are many. */
function drawReduceBytes(bytes: readonly number[]): Drawing {
  const each = Math.max(1, Math.ceil(bytes.length / MAX_BARS));
  const bars: number[] = [];
  for (let start = 0; start < bytes.length; start += each) {
    bars.push(Math.max(...bytes.slice(start, start + each)));
  }
  const most = bars.reduce((max, value) => Math.max(max, value), 1);
  const x = linearScale(0, bars.length, BOX.left, BOX.right);
  const y = linearScale(0, most * 1.05, BOX.bottom, BOX.top);
  const mean = total(bytes) / Math.max(1, bytes.length);
  const rects = bars.map((value, at) => {
    const last = Math.min(bytes.length, (at + 1) * each) - 1;
    const name =
      each === 1 ? `reduce task ${at}` : `largest of reduce tasks ${at * each} to ${last}`;
    return drawColumn("reduce", [at, at + 1], x, y(value), BOX, `${name}: ${formatBytes(value)}`);
  });
  const yTicks = linearTicks(0, most * 1.05, 4).map(({ value }) => {
    return { value, label: formatBytes(value) };
  });
  const xTicks = linearTicks(0, bytes.length - 1, 8)
    .filter(({ value }) => Number.isInteger(value))
    .map(({ value, label }) => ({ value: value / each + 0.5, label }));
  const heading =
    each === 1
      ? "Bytes for each reduce task"
      : `Bytes for reduce tasks: the largest of each ${each}`;
  const content = markup`<text class="heading" x="0" y="16">${heading}</text>${drawYAxis(BOX, yTicks, y)}${rects}<path class="again" d="M${BOX.left} ${y(mean)}H${BOX.right}"><title>mean: ${formatBytes(mean)}</title></path>${drawXAxis({ ...BOX, top: BOX.bottom }, xTicks, x)}`;
  const range = describeRange(
    bytes.toSorted((a, b) => a - b),
    formatBytes,
  );
  const name = `Bytes for each reduce task: ${range}, the mean ${formatBytes(mean)}`;
  return { width: WIDTH, height: HEIGHT, content, name };
}

/** A heat map of the bytes from map tasks to reduce tasks, summed up in groups if there are many tasks. */
function drawShuffle(outputs: ReadonlyArray<readonly number[]>, reduces: number): Drawing {
  const mapsEach = Math.max(1, Math.ceil(outputs.length / MAX_ROWS));
  const reducesEach = Math.max(1, Math.ceil(reduces / MAX_COLUMNS));
  const columns = Math.ceil(reduces / reducesEach);
  const cells = Array.from({ length: Math.ceil(outputs.length / mapsEach) }, () => {
    return new Array<number>(columns).fill(0);
  });
  outputs.forEach((bytes, map) => {
    const row = cells[Math.floor(map / mapsEach)] ?? [];
    bytes.forEach((length, reduce) => {
      const column = Math.floor(reduce / reducesEach);
      row[column] = (row[column] ?? 0) + length;
    });
  });
  const size = Math.min((WIDTH - 68) / columns, 20);
  const height = 58 + size * cells.length;
  const most = cells.flat().reduce((max, bytes) => Math.max(max, bytes), 1);
  const rects = cells.flatMap((row, y) => {
    return row.map((bytes, x) => {
      const name = `${range("map", y, mapsEach, outputs.length)} → ${range("reduce", x, reducesEach, reduces)}`;
      return markup`<rect class="map" fill-opacity="${0.04 + 0.96 * (bytes / most)}" x="${56 + x * size}" y="${34 + y * size}" width="${size - 1}" height="${size - 1}"><title>${name}: ${formatBytes(bytes)}</title></rect>`;
    });
  });
  const down = labelled(cells.length, size).map((at) => {
    return markup`<text class="soft end" x="50" y="${34 + (at + 0.5) * size + 4}">${formatNumber(at * mapsEach)}</text>`;
  });
  const across = labelled(columns, size).map((at) => {
    return markup`<text class="soft middle" x="${56 + (at + 0.5) * size}" y="${34 + cells.length * size + 14}">${formatNumber(at * reducesEach)}</text>`;
  });
  const content = markup`<text class="heading" x="0" y="16">Shuffle: bytes from map tasks (down) to reduce tasks (across)</text>${down}${across}${rects}`;
  const tasks = `${counted(outputs.length, "map task")} to ${counted(reduces, "reduce task")}`;
  const name = `Shuffle: bytes from ${tasks}, ${formatBytes(most)} at most in a cell`;
  return { width: WIDTH, height, content, name };
}

function range(phase: string, at: number, each: number, count: number): string {
  const first = at * each;
  const last = Math.min(count, first + each) - 1;
  return first === last ? `${phase} ${first}` : `${phase} ${first}–${last}`;
}

/** The rows or columns of `count` whose labels have room. */
function labelled(count: number, size: number): number[] {
  const step = Math.max(1, Math.ceil(count / 10), Math.ceil(28 / size));
  return Array.from({ length: Math.ceil(count / step) }, (_, at) => at * step);
}
