import { ATTEMPT_ENDS } from "../format/attempt-ends.js";
import { type Markup, markup } from "../format/markup.ts";
import { counted, formatBytes, formatDuration, formatNumber } from "../format/quantities.js";
import type { JobHistory } from "../history/job-history.ts";
import type { AttemptView, WorkerView } from "../history/job-view.ts";
import {
  type Drawing,
  drawXAxis,
  linearScale,
  type Scale,
  standAlone,
  timeTicks,
} from "./drawing.ts";
import { hasFailed, total } from "./job-facts.ts";

/** A pause between two sessions is drawn with this share of the total width, whatever its length. */
const PAUSE = 0.02;
/** Up to this number, each worker has its own lane. With more, workers that came later reuse lanes. */
const OWN_LANES = 24;
const MAX_LANES = 128;

const WIDTH = 1160;
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

const LEGEND = {
  map: "map",
  reduce: "reduce",
  backup: "backup attempt",
  bad: "failed or lost; the next attempt has a red edge",
  idle: "another attempt was first",
};

/** Milliseconds since the first coordinator started, without pauses. */
interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

interface Bar extends Span {
  readonly attempt: AttemptView;
  readonly lane: number;
}

/** A row of the timeline: one worker, or several one after the other. */
interface Lane {
  /** From when each worker joined until it left or the session ended. */
  readonly lifetimes: Array<Span & { readonly worker: WorkerView }>;
  readonly bars: Bar[];
}

export function renderTimeline(history: JobHistory): Markup {
  const timeline = layOutTimeline(history);
  if (timeline.lanes.length === 0)
    return markup`<h2>Timeline</h2><p>No worker has joined the job.</p>`;
  return markup`<h2>Timeline</h2><ul class="legend">${Object.entries(LEGEND).map(([name, text]) => {
    return markup`<li><i class="swatch-${name}"></i>${text}</li>`;
  })}</ul><div class="wide">${standAlone(drawTimeline(timeline))}</div>`;
}

function layOutTimeline({ sessions }: JobHistory) {
  const pauseMs = PAUSE * total(sessions.map(({ endMs }) => endMs));
  const workers = total(sessions.map(({ view }) => view.workers.size));
  const lanes: Lane[] = [];
  /** The beginnings of reduce phases and of resumed sessions. */
  const marks: Array<{ readonly atMs: number; readonly label: string }> = [];
  /** Failed attempts, each with the next one of its task. */
  const reassignments: Array<readonly [from: Bar, to: Bar]> = [];
  let hiddenWorkers = 0;
  let shiftMs = 0;
  for (const { view, endMs } of sessions) {
    if (shiftMs > 0) marks.push({ atMs: shiftMs, label: "resumed" });
    const laneOf = new Map<number, number>();
    for (const worker of view.workers.values()) {
      const leftMs = Math.min(worker.leftMs ?? endMs, endMs);
      const lifetime = { worker, startMs: worker.joinedMs + shiftMs, endMs: leftMs + shiftMs };
      const lane = laneFor(lifetime, lanes, workers > OWN_LANES);
      if (lane === undefined) hiddenWorkers += 1;
      else laneOf.set(worker.worker, lane);
    }
    const failed = new Map<string, Bar>();
    for (const attempt of view.attempts) {
      const lane = laneOf.get(attempt.worker);
      if (lane === undefined) continue;
      const startMs = attempt.startMs + shiftMs;
      const bar = {
        ...{ attempt, lane, startMs },
        endMs: Math.min(attempt.endMs ?? endMs, endMs) + shiftMs,
      };
      lanes[lane]?.bars.push(bar);
      const task = `${attempt.phase} ${attempt.task}`;
      const from = failed.get(task);
      if (from !== undefined && from.endMs <= startMs) {
        reassignments.push([from, bar]);
        failed.delete(task);
      }
      if (hasFailed(attempt)) failed.set(task, bar);
    }
    if (view.reduceStartMs !== undefined) {
      marks.push({ atMs: view.reduceStartMs + shiftMs, label: "reduce" });
    }
    shiftMs += endMs + pauseMs;
  }
  return { lanes, hiddenWorkers, totalMs: Math.max(shiftMs - pauseMs, 1), marks, reassignments };
}

/** The lane of a worker: a new one, or the first one whose last worker has left. */
function laneFor(
  lifetime: Lane["lifetimes"][number],
  lanes: Lane[],
  isShared: boolean,
): number | undefined {
  const free = lanes.findIndex(({ lifetimes }) => {
    return isShared && (lifetimes.at(-1)?.endMs ?? 0) <= lifetime.startMs;
  });
  if (free === -1 && lanes.length === MAX_LANES) return undefined;
  if (free === -1) return lanes.push({ lifetimes: [lifetime], bars: [] }) - 1;
  lanes[free]?.lifetimes.push(lifetime);
  return free;
}

function drawTimeline(timeline: ReturnType<typeof layOutTimeline>): Drawing {
  const { lanes, totalMs, marks, reassignments, hiddenWorkers } = timeline;
  const laneHeight = lanes.length > FEW_LANES ? LOW_LANE : LANE;
  const bottom = TOP + laneHeight * lanes.length;
  const height = bottom + 26 + (hiddenWorkers > 0 ? 18 : 0);
  const x = linearScale(0, totalMs, LEFT, WIDTH - 12);
  const bars = lanes.flatMap((lane) => lane.bars);
  const middleOf = ({ lane }: Bar) => TOP + laneHeight * lane + laneHeight / 2;
  const drawLane = bars.length <= MAX_SINGLE ? drawBars : blockDrawer(lanes, x);
  const rows = lanes.map((lane, at) => {
    const y = TOP + laneHeight * at;
    return [
      drawLifetimes(lane, x, y, laneHeight, lanes.length <= FEW_LANES || at % 5 === 0),
      drawLane(lane, x, y, laneHeight),
    ];
  });
  const lines = marks.map(({ atMs, label }) => {
    // There is no room for the label to its right.
    const isLate = x(atMs) > WIDTH - LABEL_WIDTH;
    return markup`<path class="grid" stroke-dasharray="4 3" d="M${x(atMs)} ${TOP - 6}V${bottom}"/><text class="soft" text-anchor="${isLate ? "end" : "start"}" x="${x(atMs) + (isLate ? -4 : 4)}" y="${TOP - 10}">${label}</text>`;
  });
  const arrows = reassignments.slice(0, MAX_ARROWS).map(([from, to]) => {
    const [x1, y1, x2, y2] = [x(from.endMs), middleOf(from), x(to.startMs), middleOf(to)];
    const bend = Math.max(14, (x2 - x1) / 2);
    return markup`<path class="again" d="M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}"/>`;
  });
  const failed = bars.filter(({ attempt }) => hasFailed(attempt));
  const size = Math.min(4, laneHeight / 2 - 1);
  // Marks the end of each failed attempt, however short it was.
  const crosses = failed.slice(0, MAX_CROSSES).map((bar) => {
    const at = x(bar.endMs);
    const middle = middleOf(bar);
    const path = `M${(at - size).toFixed(1)} ${middle - size}l${2 * size} ${2 * size}m0-${2 * size}l-${2 * size} ${2 * size}`;
    return markup`<g><title>${describeAttempt(bar)}</title><circle fill="transparent" cx="${at}" cy="${middle}" r="${size + 2}"/><path class="cross" d="${path}"/></g>`;
  });
  const hidden =
    hiddenWorkers > 0 &&
    markup`<text class="soft" x="${LEFT}" y="${height - 4}">${counted(hiddenWorkers, "more worker")} not shown</text>`;
  const content = markup`<text class="soft" x="0" y="${TOP - 10}">worker</text>${drawXAxis({ left: LEFT, right: WIDTH - 12, top: TOP, bottom }, timeTicks(totalMs), x)}${rows}${lines}${arrows}${crosses}${hidden}`;
  const workers = total(lanes.map(({ lifetimes }) => lifetimes.length)) + hiddenWorkers;
  const work = `${counted(bars.length, "attempt")} by ${counted(workers, "worker")} in ${formatDuration(totalMs)}`;
  const name = `What each worker did and when: ${work}; failed or lost: ${formatNumber(failed.length)}`;
  return { width: WIDTH, height, content, name };
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
  return markup`${tracks}${isLabelled && markup`<text class="soft" x="0" y="${y + height / 2 + 4}">${label}</text>`}`;
}

function drawBars({ bars }: Lane, x: Scale, y: number, height: number): Markup[] {
  return bars.map((bar) => {
    const width = Math.max(1, x(bar.endMs) - x(bar.startMs) - 0.6);
    const again = bar.attempt.attempt > 1 && !bar.attempt.isBackup ? " retry" : "";
    return markup`<rect class="${kindOf(bar.attempt)}${again}" x="${x(bar.startMs)}" y="${y + 2}" width="${width}" height="${height - 4}" rx="${Math.min(2, width / 2)}"><title>${describeAttempt(bar)}</title></rect>`;
  });
}

/** Draws neighbouring attempts as blocks, for so many attempts that bars would be too narrow. */
function blockDrawer(lanes: readonly Lane[], x: Scale): typeof drawBars {
  let gap = 0.75;
  while (total(lanes.map(({ bars }) => blocksOf(bars, x, gap).length)) > MAX_BLOCKS) gap *= 1.5;
  return ({ bars }, _x, y, height) => {
    const paths = new Map<string, string>();
    for (const { kind, left, right } of blocksOf(bars, x, gap)) {
      const width = Math.max(0.5, right - left).toFixed(1);
      const path = paths.get(kind) ?? "";
      paths.set(kind, `${path}M${left.toFixed(1)} ${y + 1}h${width}v${height - 2}h-${width}z`);
    }
    return [...paths].map(([kind, path]) => markup`<path class="${kind}" d="${path}"/>`);
  };
}

function blocksOf(bars: readonly Bar[], x: Scale, gap: number) {
  const blocks: Array<{ kind: keyof typeof LEGEND; left: number; right: number }> = [];
  for (const { attempt, startMs, endMs } of bars) {
    const kind = kindOf(attempt);
    const [left, right] = [x(startMs), x(endMs)];
    const last = blocks.at(-1);
    if (last?.kind === kind && left - last.right < gap) last.right = right;
    else blocks.push({ kind, left, right });
  }
  return blocks;
}

function kindOf(attempt: AttemptView): keyof typeof LEGEND {
  if (hasFailed(attempt)) return "bad";
  if (attempt.end === "superseded" || attempt.end === "ended") return "idle";
  return attempt.isBackup ? "backup" : attempt.phase;
}

function describeAttempt({ attempt, startMs, endMs }: Bar): string {
  const { phase, task, attempt: number, isBackup, end, progress } = attempt;
  const kind = isBackup ? "backup, attempt" : "attempt";
  return [
    `${phase} task ${task}, ${kind} ${number}: ${end === undefined ? "no end was seen" : ATTEMPT_ENDS[end]}`,
    `${formatDuration(endMs - startMs)}, from ${formatDuration(startMs)} on`,
    `${counted(progress.records, "record")}, ${formatBytes(progress.bytes)}`,
  ].join("\n");
}
