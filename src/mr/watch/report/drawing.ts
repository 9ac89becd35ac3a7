import { type Markup, markup } from "../format/markup.ts";
import { formatNumber, niceStep, twoDigits } from "../format/quantities.js";

/** A drawing: SVG elements from the origin to its width and height. */
export interface Drawing {
  readonly width: number;
  readonly height: number;
  readonly content: Markup;
  /** A description for screen readers. */
  readonly name: string;
}

/** A drawing as an element of a page that takes its full width. */
export function standAlone({ width, height, content, name }: Drawing): Markup {
  return markup`<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${name}">${content}</svg>`;
}

export type Scale = (value: number) => number;

export interface Tick {
  readonly value: number;
  readonly label: string;
}

export interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** A linear scale; a range of a single value is mapped to the middle. */
export function linearScale(from: number, to: number, start: number, end: number): Scale {
  if (from === to) return () => (start + end) / 2;
  return (value) => start + ((value - from) / (to - from)) * (end - start);
}

/** A logarithmic scale. Values must be positive. */
export function logScale(from: number, to: number, start: number, end: number): Scale {
  const linear = linearScale(Math.log10(from), Math.log10(to), start, end);
  return (value) => linear(Math.log10(value));
}

export function linearTicks(from: number, to: number, count: number): Tick[] {
  const step = niceStep(to - from, count);
  const ticks: Tick[] = [];
  for (let at = Math.ceil(from / step - 1e-9); at * step <= to + step * 1e-9; at++) {
    const value = Number((at * step).toPrecision(12));
    ticks.push({ value, label: formatShort(value) });
  }
  return ticks;
}

/** Powers of ten within a range, at most about `count` of them. */
export function logTicks(from: number, to: number, count: number): Tick[] {
  const first = Math.ceil(Math.log10(from) - 1e-9);
  const last = Math.floor(Math.log10(to) + 1e-9);
  const step = Math.max(1, Math.ceil((last - first + 1) / count));
  const ticks: Tick[] = [];
  for (let power = first; power <= last; power += step) {
    ticks.push({ value: 10 ** power, label: formatShort(10 ** power) });
  }
  return ticks;
}

/** Round times for an axis, in a unit that suits the longest. */
export function timeTicks(totalMs: number): Tick[] {
  const step = TIME_STEPS.find((ms) => totalMs / ms <= 10) ?? 864e5 * Math.ceil(totalMs / 864e6);
  return Array.from({ length: Math.floor(totalMs / step) + 1 }, (_, at) => {
    return { value: at * step, label: formatTime(at * step, step) };
  });
}

const TIME_STEPS = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 3e4, 6e4, 12e4, 3e5, 6e5],
  ...[12e5, 18e5, 36e5, 72e5, 144e5, 216e5, 432e5, 864e5],
];

function formatTime(ms: number, step: number): string {
  if (ms === 0) return "0";
  if (step < 1000) return ms < 1000 ? `${ms} ms` : `${ms / 1000} s`;
  if (step < 60_000 && ms < 120_000) return `${ms / 1000} s`;
  const minutes = ms / 60_000;
  if (step < 60_000) return `${Math.floor(minutes)}:${twoDigits((ms / 1000) % 60)} min`;
  if (step < 3_600_000 && minutes < 120) return `${minutes} min`;
  return `${Number((minutes / 60).toFixed(1))} h`;
}

/** A number for the label of an axis, such as `1.2M`. */
export function formatShort(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e15)) return value.toExponential(0);
  if (size < 1000) return formatNumber(value);
  const compact = { notation: "compact", maximumFractionDigits: 1 } as const;
  return value.toLocaleString("en-US", compact).replace("K", "k");
}

export function drawXAxis({ left, right, top, bottom }: Box, ticks: readonly Tick[], x: Scale) {
  const marks = ticks.map(({ value, label }) => {
    return markup`<path class="grid" d="M${x(value)} ${top}V${bottom + 4}"/><text class="soft middle" x="${x(value)}" y="${bottom + 17}">${label}</text>`;
  });
  return markup`<path class="grid" d="M${left} ${bottom}H${right}"/>${marks}`;
}

export function drawYAxis({ left, right }: Box, ticks: readonly Tick[], y: Scale): Markup[] {
  return ticks.map(({ value, label }) => {
    return markup`<path class="grid" d="M${left} ${y(value)}H${right}"/><text class="soft end" x="${left - 6}" y="${y(value) + 4}">${label}</text>`;
  });
}

/** A bar of a vertical bar chart, from `from` to `to` on the x axis. */
export function drawColumn(
  kind: string,
  [from, to]: readonly [number, number],
  x: Scale,
  top: number,
  { bottom }: Box,
  title: string,
): Markup {
  const width = Math.max(0.5, x(to) - x(from) - 1);
  return markup`<rect class="${kind}" x="${x(from) + 0.5}" y="${top}" width="${width}" height="${bottom - top}"><title>${title}</title></rect>`;
}

export function wholeTicks(most: number, count: number): Tick[] {
  return linearTicks(0, most, count).filter(({ value }) => Number.isInteger(value));
}

/** Drawings side by side, as far as the page is wide enough. */
export function sideBySide(drawings: readonly Drawing[]): Markup {
  return markup`<div class="charts">${drawings.map((one) => markup`<div>${standAlone(one)}</div>`)}</div>`;
}
