import { ATTEMPT_ENDS } from "../format/attempt-ends.js";
import { type Markup, markup } from "../format/markup.ts";
import { counted, formatBytes, formatDuration, formatNumber } from "../format/quantities.js";
import type { AttemptView } from "../history/job-view.ts";
import type { Drawing } from "./drawing.ts";
import { drawXAxis, linearScale, type Scale } from "./drawing.ts";
import { type Bar, hasFailed, type Lane, type Timeline } from "./timeline.ts";

const WIDTH = 1160;
/** The width of a mark's label. */
const LABEL_WIDTH = 60;
const LEFT = 92;
const TOP = 26;
const LANE = 20;
/** More lanes than this are drawn with a lower height. */
const FEW_LANES = 32;
const LOW_LANE = 8;
/** With more attempts than this, neighbours are drawn as one. */
const MAX_SINGLE = 900;
const MAX_BLOCKS = 5000;
const MAX_CROSSES = 250;
const MAX_ARROWS = 60;

type Kind = "map" | "reduce" | "backup" | "idle" | "bad";

/** Draws the attempts of each worker, with failures and the attempts that followed them. */
export function drawTimeline(timeline: Timeline): Drawing {
  const { lanes, totalMs, marks, reassignments, hiddenWorkers } = timeline;
  const laneHeight = lanes.length > FEW_LANES ? LOW_LANE : LANE;
  const bottom = TOP + laneHeight * lanes.length;
  const height = bottom + 26 + (hiddenWorkers > 0 ? 18 : 0);
  const x = linearScale(0, totalMs, LEFT, WIDTH - 12);
  const yOf = (lane: number) => TOP + laneHeight * lane;
  const attempts = lanes.reduce((sum, { bars }) => sum + bars.length, 0);
  const drawLane = attempts <= MAX_SINGLE ? drawBars : blockDrawer(lanes, x);
  const rows = lanes.map((lane, at) => {
    const y = yOf(at);
    return markup`${drawLifetimes(lane, x, y, laneHeight, lanes.length <= FEW_LANES || at % 5 === 0)}${drawLane(lane, x, y, laneHeight)}`;
  });
  const lines = marks.map(({ atMs, label }) => {
    // There is no room for the label to its right.
    const isLate = x(atMs) > WIDTH - LABEL_WIDTH;
    return markup`<path class="grid" stroke-dasharray="4 3" d="M${x(atMs)} ${TOP - 6}V${bottom}"/><text class="soft" text-anchor="${isLate ? "end" : "start"}" x="${x(atMs) + (isLate ? -4 : 4)}" y="${TOP - 10}">${label}</text>`;
  });
  const arrows = reassignments.slice(0, MAX_ARROWS).map(({ from, to }) => {
    const half = laneHeight / 2;
    const [x1, y1, x2, y2] = [x(from.atMs), yOf(from.lane) + half, x(to.atMs), yOf(to.lane) + half];
    const bend = Math.max(14, (x2 - x1) / 2);
    return markup`<path class="again" d="M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}"/>`;
  });
  const hidden =
    hiddenWorkers === 0
      ? undefined
      : markup`<text class="soft" x="${LEFT}" y="${height - 4}">${counted(hiddenWorkers, "more worker")} not shown</text>`;
  const content = markup`<text class="soft" x="0" y="${TOP - 10}">${"worker"}</text>${drawXAxis({ left: LEFT, right: WIDTH - 12, top: TOP, bottom }, timeTicks(totalMs), x)}${rows}${lines}${arrows}${drawCrosses(lanes, x, yOf, laneHeight)}${hidden}`;
  const failed = lanes.reduce((sum, { bars }) => sum + bars.filter(isFailure).length, 0);
  const workers = lanes.reduce((sum, { lifetimes }) => sum + lifetimes.length, 0) + hiddenWorkers;
  const work = `${counted(attempts, "attempt")} by ${counted(workers, "worker")} in ${formatDuration(totalMs)}`;
  const name = `What each worker did and when: ${work}; failed or lost: ${formatNumber(failed)}`;
  return { width: WIDTH, height, content, name };
}

function isFailure({ attempt }: Bar): boolean {
  return hasFailed(attempt);
}

function drawLifetimes(
  { lifetimes }: Lane,
  x: Scale,
  y: number,
  height: number,
  isLabelled: boolean,
): Markup {
  const tracks = lifetimes.map(({ worker, startMs, endMs }) => {
    return markup`<rect class="track" x="${x(startMs)}" y="${y + height / 2 - 1}" width="${Math.max(1, x(endMs) - x(startMs))}" height="2"><title>Worker ${worker.worker}, process ${worker.pid}</title></rect>`;
  });
  const [first] = lifetimes;
  const more = lifetimes.length > 1 ? ` + ${lifetimes.length - 1}` : "";
  const label = `${first?.worker.worker ?? ""}${more}`;
  return markup`${tracks}${isLabelled ? markup`<text class="soft" x="0" y="${y + height / 2 + 4}">${label}</text>` : undefined}`;
}

function drawBars({ bars }: Lane, x: Scale, y: number, height: number): Markup {
  return markup`${bars.map((bar) => {
    const width = Math.max(1, x(bar.endMs) - x(bar.startMs) - 0.6);
    const again = bar.attempt.attempt > 1 && !bar.attempt.isBackup ? " retry" : "";
    return markup`<rect class="${kindOf(bar.attempt)}${again}" x="${x(bar.startMs)}" y="${y + 2}" width="${width}" height="${height - 4}" rx="${Math.min(2, width / 2)}"><title>${describeAttempt(bar)}</title></rect>`;
  })}`;
}

/** Draws neighbouring attempts as blocks, for so many attempts that bars would be too narrow. */
function blockDrawer(lanes: readonly Lane[], x: Scale): typeof drawBars {
  let gap = 0.75;
  const count = () => lanes.reduce((sum, { bars }) => sum + blocksOf(bars, x, gap).length, 0);
  while (count() > MAX_BLOCKS) gap *= 1.5;
  return ({ bars }, _x, y, height) => {
    const paths = new Map<Kind, string>();
    for (const { kind, left, right } of blocksOf(bars, x, gap)) {
      const width = Math.max(0.5, right - left).toFixed(1);
      const path = paths.get(kind) ?? "";
      paths.set(kind, `${path}M${left.toFixed(1)} ${y + 1}h${width}v${height - 2}h-${width}z`);
    }
    return markup`${[...paths].map(([kind, path]) => markup`<path class="${kind}" d="${path}"/>`)}`;
  };
}

interface Block {
  readonly kind: Kind;
  readonly left: number;
  right: number;
}

function blocksOf(bars: readonly Bar[], x: Scale, gap: number): Block[] {
  const blocks: Block[] = [];
  for (const { attempt, startMs, endMs } of bars) {
    const kind = kindOf(attempt);
    const [left, right] = [x(startMs), x(endMs)];
    const last = blocks.at(-1);
    if (last !== undefined && last.kind === kind && left - last.right < gap) last.right = right;
    else blocks.push({ kind, left, right });
  }
  return blocks;
}

/** Marks the end of each failed attempt, however short it was. */
function drawCrosses(
  lanes: readonly Lane[],
  x: Scale,
  yOf: (lane: number) => number,
  height: number,
): Markup {
  const size = Math.min(4, height / 2 - 1);
  const crosses = lanes.flatMap(({ bars }, lane) => {
    return bars
      .filter(({ attempt }) => hasFailed(attempt))
      .map((bar) => {
        const at = x(bar.endMs);
        const middle = yOf(lane) + height / 2;
        const path = `M${(at - size).toFixed(1)} ${middle - size}l${2 * size} ${2 * size}m0-${2 * size}l-${2 * size} ${2 * size}`;
        return markup`<g><title>${describeAttempt(bar)}</title><circle fill="transparent" cx="${at}" cy="${middle}" r="${size + 2}"/><path class="cross" d="${path}"/></g>`;
      });
  });
  return markup`${crosses.slice(0, MAX_CROSSES)}`;
}

function kindOf(attempt: AttemptView): Kind {
  if (hasFailed(attempt)) return "bad";
  if (attempt.end === "superseded" || attempt.end === "ended") return "idle";
  return attempt.isBackup ? "backup" : attempt.phase;
}

function describeAttempt({ attempt, startMs, endMs }: Bar): string {
  const { phase, task, attempt: number, isBackup, end, progress } = attempt;
  const kind = isBackup ? "backup, attempt" : "attempt";
  const lines = [
    `${phase} task ${task}, ${kind} ${number}: ${end === undefined ? "no end was seen" : ATTEMPT_ENDS[end]}`,
    `${formatDuration(endMs - startMs)}, from ${formatDuration(startMs)} on`,
    `${counted(progress.records, "record")}, ${formatBytes(progress.bytes)}`,
  ];
  return lines.join("\n");
}

/** Round times for an axis, in a unit that suits the longest. */
export function timeTicks(totalMs: number): Array<{ value: number; label: string }> {
  const steps = [
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 3e4, 6e4, 12e4, 3e5, 6e5,
  ];
  steps.push(12e5, 18e5, 36e5, 72e5, 144e5, 216e5, 432e5, 864e5);
  const step = steps.find((ms) => totalMs / ms <= 10) ?? 864e5 * Math.ceil(totalMs / 864e6);
  const ticks: Array<{ value: number; label: string }> = [];
  for (let value = 0; value <= totalMs; value += step)
    ticks.push({ value, label: clock(value, step) });
  return ticks;
}

function clock(ms: number, step: number): string {
  if (ms === 0) return "0";
  if (step < 1000) return ms < 1000 ? `${ms} ms` : `${ms / 1000} s`;
  if (step < 60_000 && ms < 120_000) return `${ms / 1000} s`;
  const minutes = ms / 60_000;
  if (step < 60_000)
    return `${Math.floor(minutes)}:${String((ms / 1000) % 60).padStart(2, "0")} min`;
  return step < 3_600_000 && minutes < 120
    ? `${minutes} min`
    : `${Number((minutes / 60).toFixed(1))} h`;
}
