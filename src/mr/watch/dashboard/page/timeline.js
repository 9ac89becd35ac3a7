import { describeAttempt, fillOf, isLost } from "./attempts.js";
import { Chart, color, crossOut, isForced } from "./chart.js";
import { counted } from "./quantities.js";
import { formatTick, niceTimeStep } from "./time-axis.js";

/**
 * @import { Attempt, JobState } from "./job-state.js"
 * @import { Tooltip } from "./tooltip.js"
 */

const TOP = 4;
const AXIS = 20;
const GUTTER = 34;
const RIGHT = 12;
const MAX_ROW = 22;
const MIN_ROW = 3;
const THIN_ROW = 8;
const WANTED_HEIGHT = 420;
/** More arrows would hide the attempts. */
const MAX_LINKS = 60;

/** The attempts of every worker over time: a row a worker, a bar an attempt. @extends {Chart<Attempt>} */
export class Timeline extends Chart {
  #state;
  #row = MAX_ROW;
  #endMs = 1;

  /**
   * @param {HTMLElement} place
   * @param {Tooltip} tooltip
   * @param {JobState} state
   */
  constructor(place, tooltip, state) {
    super(place, tooltip);
    this.#state = state;
  }

  /** @override */
  measure() {
    const rows = Math.max(1, this.#state.workers.length);
    this.#row = Math.max(MIN_ROW, Math.min(MAX_ROW, Math.floor(WANTED_HEIGHT / rows)));
    this.#endMs = Math.max(200, this.#state.job?.endMs ?? this.#state.nowMs);
    return TOP + rows * this.#row + AXIS;
  }

  /** @override */
  paint() {
    if (this.#state.workers.length === 0) {
      this.context.fillStyle = color("muted");
      this.context.fillText("No worker has come yet.", 0, TOP + this.#row / 2);
      return;
    }
    this.#paintGrid();
    this.#paintLives();
    if (this.#row > THIN_ROW) this.#paintAttempts();
    else this.#paintThinAttempts();
    this.#paintLinks();
    if (this.#row > 14) this.#paintLabels();
    this.#paintDeaths();
  }

  /** @override */
  summary() {
    const { workers, attempts } = this.#state;
    const lost = attempts.filter(isLost).length;
    const work = `${counted(attempts.length, "attempt")} by ${counted(workers.length, "worker")}`;
    return `Timeline of ${work}; failed or lost: ${lost}`;
  }

  #paintGrid() {
    const { context, height, width } = this;
    const stepMs = niceTimeStep(this.#endMs, Math.max(2, Math.floor((width - GUTTER) / 90)));
    context.fillStyle = color("muted");
    context.strokeStyle = color("line");
    context.lineWidth = 1;
    context.textAlign = "center";
    for (let atMs = 0; atMs <= this.#endMs; atMs += stepMs) {
      const x = Math.round(this.#x(atMs)) + 0.5;
      line(context, x, 0, x, height - AXIS);
      if (x < width - 14) context.fillText(formatTick(atMs), x, height - AXIS / 2 + 2);
    }
    context.textAlign = "right";
    const every = Math.ceil(12 / this.#row);
    for (const [row, worker] of this.#state.workers.entries()) {
      if (row % every !== 0 || worker === undefined) continue;
      context.fillText(String(worker.worker), GUTTER - 10, this.#y(row) + this.#row / 2);
    }
    const reduceMs = this.#state.job?.reduceStartMs ?? null;
    if (reduceMs === null) return;
    context.strokeStyle = color("muted");
    context.setLineDash([2, 3]);
    const x = Math.round(this.#x(reduceMs)) + 0.5;
    line(context, x, 0, x, height - AXIS + 4);
    context.setLineDash([]);
  }

  /** The lifetimes of the workers. */
  #paintLives() {
    const { context } = this;
    context.fillStyle = color("track");
    for (const [row, worker] of this.#state.workers.entries()) {
      if (worker === undefined) continue;
      const from = this.#x(worker.joinedMs);
      const to = this.#x(worker.leftMs ?? this.#endMs);
      const inset = this.#row > THIN_ROW ? 2 : 0.5;
      context.fillRect(from, this.#y(row) + inset, Math.max(1, to - from), this.#row - 2 * inset);
    }
  }

  #paintAttempts() {
    const { context } = this;
    let style = "";
    for (const attempt of this.#state.attempts) {
      const fill = fillOf(attempt);
      const bar = this.#bar(attempt);
      if (fill !== style) context.fillStyle = color(fill);
      style = fill;
      context.fillRect(bar.x, bar.y, bar.width, bar.height);
      if (attempt.isBackup) {
        context.fillStyle = color("backup");
        style = "backup";
        context.fillRect(bar.x, bar.y, bar.width, 3);
      }
    }
  }

  /** Labels on top of everything else, where there is room. */
  #paintLabels() {
    const { context } = this;
    context.fillStyle = color("on-bar");
    context.textAlign = "left";
    for (const attempt of this.#state.attempts) {
      const { x, y, width, height } = this.#bar(attempt);
      const label = `${attempt.phase === "map" ? "m" : "r"}${attempt.task}`;
      const labelWidth = 8 + 6.5 * label.length;
      const isLabelled = width >= labelWidth;
      if (isLabelled) context.fillText(label, x + 5, y + height / 2 + 0.5);
      const left = isLabelled ? x + labelWidth : x;
      const room = x + width - left;
      if (isForced && isLost(attempt) && room >= 8) {
        crossOut(context, { x: left, y, width: Math.min(room, 20), height });
      }
    }
  }

  /** In low rows, bars that touch and have the same colour are painted as one. */
  #paintThinAttempts() {
    const { context } = this;
    /** @type {Array<{ from: number, to: number, fill: string }>} */
    const open = [];
    /** @param {number} row */
    const paint = (row) => {
      const run = open[row];
      if (run === undefined) return;
      context.fillStyle = color(run.fill);
      context.fillRect(run.from, this.#y(row) + 0.5, run.to - run.from, this.#row - 1);
    };
    for (const attempt of this.#state.attempts) {
      const row = attempt.worker - 1;
      const { x, width } = this.#bar(attempt);
      const fill = attempt.isBackup ? "backup" : fillOf(attempt);
      const run = open[row];
      if (run !== undefined && run.fill === fill && x <= run.to + 1) {
        run.to = Math.max(run.to, x + width);
        continue;
      }
      paint(row);
      open[row] = { from: x, to: x + width, fill };
    }
    for (const row of open.keys()) paint(row);
  }

  /** Arrows from lost attempts to the next attempts of their tasks. */
  #paintLinks() {
    const { context } = this;
    const { attempts } = this.#state;
    const lost = attempts.filter(isLost).slice(-MAX_LINKS);
    context.strokeStyle = color("incident");
    context.fillStyle = color("incident");
    context.lineWidth = 1.5;
    for (const attempt of lost) {
      const next = this.#state
        .attemptsOf(attempt.phase, attempt.task)
        .find((other) => other.attempt > attempt.attempt);
      if (next === undefined || attempt.endMs === null) continue;
      const [x, y] = [this.#x(attempt.endMs), this.#y(attempt.worker - 1) + this.#row / 2];
      const [toX, toY] = [this.#x(next.startMs), this.#y(next.worker - 1) + this.#row / 2];
      if (next.worker === attempt.worker && toX - x < 6) continue;
      const bend = Math.max(10, (toX - x) / 2);
      context.beginPath();
      context.moveTo(x, y);
      context.bezierCurveTo(x + bend, y, toX - bend, toY, toX, toY);
      context.stroke();
      context.beginPath();
      context.arc(toX, toY, 2.5, 0, 2 * Math.PI);
      context.fill();
    }
  }

  /** Marks workers that left before the end of the job. */
  #paintDeaths() {
    const { context } = this;
    const endMs = this.#state.job?.endMs ?? Number.POSITIVE_INFINITY;
    const half = Math.max(2.5, Math.min(4.5, this.#row / 3));
    for (const [row, worker] of this.#state.workers.entries()) {
      if (worker === undefined || worker.leftMs === null || worker.leftMs >= endMs) continue;
      const [x, y] = [this.#x(worker.leftMs), this.#y(row) + this.#row / 2];
      for (const [style, width] of /** @type {const} */ ([
        ["card", 5],
        ["failed", 2],
      ])) {
        context.strokeStyle = color(style);
        context.lineWidth = width;
        line(context, x - half, y - half, x + half, y + half);
        line(context, x - half, y + half, x + half, y - half);
      }
    }
  }

  /**
   * @override
   * @param {number} x
   * @param {number} y
   */
  find(x, y) {
    const worker = Math.floor((y - TOP) / this.#row) + 1;
    /** @type {Attempt | undefined} */
    let best;
    let bestDistance = 4;
    for (const attempt of this.#state.attempts) {
      if (attempt.worker !== worker) continue;
      const bar = this.#bar(attempt);
      const distance = Math.max(bar.x - x, x - bar.x - bar.width, 0);
      if (distance < bestDistance || (distance === 0 && bestDistance === 0)) {
        best = attempt;
        bestDistance = distance;
      }
    }
    return best;
  }

  /**
   * @override
   * @param {Attempt | undefined} from
   * @param {number} dx
   * @param {number} dy
   */
  neighbour(from, dx, dy) {
    const { attempts } = this.#state;
    if (from === undefined) return attempts[0];
    if (dx !== 0) {
      const ofWorker = attempts.filter(({ worker }) => worker === from.worker);
      return ofWorker[ofWorker.indexOf(from) + dx];
    }
    const ofNext = attempts.filter(({ worker }) => worker === from.worker + dy);
    return ofNext.findLast(({ startMs }) => startMs <= from.startMs) ?? ofNext[0];
  }

  /**
   * @override
   * @param {Attempt} attempt
   */
  locate(attempt) {
    return { ...this.#bar(attempt), description: describeAttempt(this.#state, attempt) };
  }

  /** @param {Attempt} attempt */
  #bar({ startMs, endMs, worker }) {
    const x = this.#x(startMs);
    const inset = this.#row > THIN_ROW ? 2 : 0.5;
    const width = Math.max(1, this.#x(endMs ?? this.#endMs) - x - (this.#row > THIN_ROW ? 1 : 0));
    return { x, y: this.#y(worker - 1) + inset, width, height: this.#row - 2 * inset };
  }

  /** @param {number} atMs */
  #x(atMs) {
    return GUTTER + ((this.width - GUTTER - RIGHT) * atMs) / this.#endMs;
  }

  /** @param {number} row */
  #y(row) {
    return TOP + row * this.#row;
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} fromX
 * @param {number} fromY
 * @param {number} toX
 * @param {number} toY
 */
function line(context, fromX, fromY, toX, toY) {
  context.beginPath();
  context.moveTo(fromX, fromY);
  context.lineTo(toX, toY);
  context.stroke();
}
