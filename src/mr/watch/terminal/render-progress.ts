import { basename } from "node:path";
import { plural } from "../../base/text.ts";
import { formatBytes, formatCount, formatElapsed, formatEstimate } from "../format/quantities.js";
import { clip, DEFAULT_COLUMNS, plainText, widthOf } from "../format/text-width.ts";
import type { AttemptProgress, PhaseTasks, ProgressState, WorkerProgress } from "./job-progress.ts";

export interface Screen {
  /** Width of the terminal; 0 if it is unknown, which means 80. Lines are at least three columns shorter. */
  readonly columns: number;
  /** Height of the terminal; 0 if it is unknown, which means 24. There are always fewer lines. */
  readonly rows: number;
  /** Whether the terminal can show more than ASCII. */
  readonly unicode: boolean;
  readonly style: (name: Style, text: string) => string;
}

export type Style = "bold" | "dim" | "green" | "cyan" | "yellow";

const DEFAULT_ROWS = 24;
const MAX_WORKER_LINES = 16;
const MAX_BAR = 40;
const MIN_BAR = 6;
const LABEL = 9;
/** Columns kept free, so that no line wraps, even if the terminal appends `^C` to the last one. */
const MARGIN = 3;

export function renderProgress(state: ProgressState, given: Screen): string[] {
  const { columns: width, rows } = given;
  const screen = { ...given, columns: width || DEFAULT_COLUMNS, rows: rows || DEFAULT_ROWS };
  const columns = Math.max(1, screen.columns - MARGIN);
  const lines = [header(state, columns, screen)];
  const digits = String(Math.max(state.maps.total, state.reduces.total)).length;
  lines.push(bar("maps", state.maps, digits, columns, screen));
  lines.push(bar("reduces", state.reduces, digits, columns, screen));
  const room = Math.min(MAX_WORKER_LINES, screen.rows - lines.length - 1);
  const { workers } = state;
  // The line about hidden workers takes the place of one of them.
  const shown = workers.length <= room ? workers.length : Math.max(0, room - 1);
  lines.push(...workerLines(workers.slice(0, shown), columns, screen));
  const hidden = workers.length - shown;
  if (hidden > 0 && room > 0) {
    const busy = workers.slice(shown).filter(({ attempt }) => attempt !== undefined).length;
    lines.push(screen.style("dim", clip(`and ${hidden} more workers, ${busy} busy`, columns)));
  }
  return lines.slice(0, Math.max(1, screen.rows - 1));
}

export function summarizeProgress(state: ProgressState): string {
  const { maps, reduces } = state;
  const of = ({ completed, total }: PhaseTasks, noun: string) => {
    return `${completed} of ${plural(total, noun)}`;
  };
  const tasks = `${of(maps, "map")}, ${of(reduces, "reduce")}`;
  return [tasks, formatElapsed(state.elapsedMs), ...measures(state)].join(", ");
}

function header(state: ProgressState, columns: number, { unicode, style }: Screen): string {
  const { app, elapsedMs } = state;
  const name = plainText(app ?? "waiting for workers");
  const parts = [name, formatElapsed(elapsedMs), ...measures(state)];
  const separator = unicode ? " · " : ", ";
  // Parts that do not fit are dropped from the right, the time left last: people look for it.
  while (parts.length > 2 && widthOf(parts.join(separator)) > columns) {
    parts.splice(state.leftMs !== undefined && parts.length > 3 ? -2 : -1, 1);
  }
  const text = clip(parts.join(separator), columns);
  return text.startsWith(name) ? style("bold", name) + text.slice(name.length) : text;
}

function measures({ speed, leftMs, phase }: ProgressState): string[] {
  const parts: string[] = [];
  const { recordsPerS = 0, bytesPerS = 0 } = speed ?? {};
  if (recordsPerS > 0) parts.push(`${formatCount(recordsPerS)} records/s`);
  if (bytesPerS > 0) parts.push(`${formatBytes(bytesPerS)}/s`);
  const what = phase === "map" ? " of maps" : "";
  if (leftMs !== undefined) parts.push(`${formatEstimate(leftMs)}${what} left`);
  return parts;
}

/** @param digits of the largest number of tasks, so that all bars have the same length */
function bar(
  name: string,
  counts: PhaseTasks,
  digits: number,
  columns: number,
  screen: Screen,
): string {
  const { completed, running, total } = counts;
  const label = name.padEnd(LABEL);
  const figures = ` ${String(completed).padStart(digits)}/${total}`;
  const busy = running > 0 ? `, ${running} running` : "";
  const length = Math.min(MAX_BAR, columns - LABEL - 2 * digits - " /, 999 running".length);
  if (length < MIN_BAR) return clip(`${label.trimEnd()}${figures}${busy}`, columns);
  const { style, unicode } = screen;
  const [full, half, empty] = unicode ? ["█", "▒", "░"] : ["#", "+", "."];
  const cells = (tasks: number) => (total === 0 ? 0 : Math.floor((length * tasks) / total));
  const done = cells(completed);
  // A running task is visible however many tasks there are.
  const open = length - done;
  const begun = Math.min(open, running === 0 ? 0 : Math.max(1, cells(completed + running) - done));
  const drawn =
    style("green", full.repeat(done)) +
    style("cyan", half.repeat(begun)) +
    style("dim", empty.repeat(open - begun));
  return `${label}${drawn}${clip(figures + busy, columns - LABEL - length)}`;
}

function workerLines(
  workers: readonly WorkerProgress[],
  columns: number,
  { style }: Screen,
): string[] {
  const rows = workers.map(({ worker, attempt }) => ({
    label: `worker ${worker}`,
    what: attempt === undefined ? "waits" : describeAttempt(attempt),
    attempt,
  }));
  const labelWidth = Math.max(...rows.map(({ label }) => label.length));
  const whatWidth = Math.max(...rows.map(({ what }) => what.length));
  return rows.map(({ label, what, attempt }) => {
    const begin = `${label.padEnd(labelWidth)}  `;
    if (attempt === undefined) return style("dim", clip(`${begin}waits`, columns));
    const elapsed = formatElapsed(attempt.elapsedMs).padStart(7);
    const text = `${begin}${what.padEnd(whatWidth)} ${elapsed}`;
    const name = plainText(attempt.file ?? "");
    // The end of a path says more than its beginning.
    const hasRoom = widthOf(text) + 2 + widthOf(name) <= columns;
    const line = clip(`${text}  ${hasRoom ? name : basename(name)}`.trimEnd(), columns);
    return attempt.attempt === 1 ? line : style("yellow", line);
  });
}

function describeAttempt({ phase, task, attempt, isBackup }: AttemptProgress): string {
  return `${phase} ${task}${isBackup ? " (backup)" : attempt > 1 ? ` (attempt ${attempt})` : ""}`;
}
