import { Chart, color } from "./chart.js";
import { niceStep } from "./quantities.js";
import { formatTick, niceTimeStep } from "./time-axis.js";

/**
 * @import { JobState } from "./job-state.js"
 * @import { Tooltip } from "./tooltip.js"
 */

const HEIGHT = 118;
const TOP = 8;
const AXIS = 20;
const GUTTER = 62;
const RIGHT = 12;
/** Attempts report progress once a second: the intervals of this time are incomplete. */
const UNSETTLED_MS = 1500;

/** @typedef {{ column: 0 | 1 | 2, color: string, name: string, format: (perSecond: number) => string }} Rate */

/** How much was done in a second, over time. @extends {Chart<number>} */
export class RateChart extends Chart {
  #state;
  #rate;
  #max = 1;
  #hasWork = false;
  #step = 1;
  #endMs = 1;

  /**
   * @param {HTMLElement} place
   * @param {Tooltip} tooltip
   * @param {JobState} state
   * @param {Rate} rate what is shown: a column of the work, per second
   */
  constructor(place, tooltip, state, rate) {
    super(place, tooltip);
    this.#state = state;
    this.#rate = rate;
  }

  /** @override */
  measure() {
    this.#endMs = Math.max(200, this.#state.job?.endMs ?? this.#state.nowMs);
    let max = 0;
    for (let at = 0; at < this.#settled; at += 1) max = Math.max(max, this.#perSecond(at));
    this.#hasWork = max > 0;
    this.#step = niceStep(max, 3);
    this.#max = Math.max(this.#step, Math.ceil(max / this.#step) * this.#step);
    return HEIGHT;
  }

  /** @override */
  paint() {
    this.#paintAxes();
    const { context } = this;
    const count = this.#settled;
    if (count === 0) return;
    const bottom = HEIGHT - AXIS;
    context.beginPath();
    context.moveTo(this.#x(0), bottom);
    for (let at = 0; at < count; at += 1) {
      const y = this.#y(this.#perSecond(at));
      context.lineTo(this.#x(at), y);
      context.lineTo(this.#x(at + 1), y);
    }
    context.lineTo(this.#x(count), bottom);
    context.fillStyle = color(this.#rate.color);
    context.globalAlpha = 0.22;
    context.fill();
    context.globalAlpha = 1;
    context.beginPath();
    for (let at = 0; at < count; at += 1) {
      const y = this.#y(this.#perSecond(at));
      context.lineTo(this.#x(at), y);
      context.lineTo(this.#x(at + 1), y);
    }
    context.strokeStyle = color(this.#rate.color);
    context.lineWidth = 1.5;
    context.lineJoin = "round";
    context.stroke();
  }

  /** @override */
  summary() {
    const { format, name } = this.#rate;
    let max = 0;
    for (let at = 0; at < this.#settled; at += 1) max = Math.max(max, this.#perSecond(at));
    return `${name} over time, at most ${format(max)}`;
  }

  #paintAxes() {
    const { context, width } = this;
    const bottom = HEIGHT - AXIS;
    context.strokeStyle = color("line");
    context.fillStyle = color("muted");
    context.lineWidth = 1;
    context.textAlign = "right";
    for (let value = 0; value <= this.#max * 1.001; value += this.#step) {
      const y = Math.round(this.#y(value)) + 0.5;
      context.beginPath();
      context.moveTo(GUTTER, y);
      context.lineTo(width - RIGHT, y);
      context.stroke();
      if (value > 0 && this.#hasWork)
        context.fillText(shortened(this.#rate.format(value)), GUTTER - 8, y);
    }
    context.textAlign = "center";
    const stepMs = niceTimeStep(this.#endMs, Math.max(2, Math.floor((width - GUTTER) / 90)));
    for (let atMs = 0; atMs <= this.#endMs; atMs += stepMs) {
      const x = GUTTER + (this.#plotWidth * atMs) / this.#endMs;
      if (x < width - 14) context.fillText(formatTick(atMs), x, bottom + AXIS / 2 + 2);
    }
  }

  /**
   * @override
   * @param {number} x
   */
  find(x) {
    const at = Math.floor(((x - GUTTER) / this.#plotWidth) * (this.#endMs / this.#widthMs));
    return at >= 0 && at < this.#settled ? at : undefined;
  }

  /**
   * @override
   * @param {number | undefined} from
   * @param {number} dx
   */
  neighbour(from, dx) {
    const to = from === undefined ? this.#settled - 1 : from + dx;
    return to >= 0 && to < this.#settled ? to : undefined;
  }

  /**
   * @override
   * @param {number} at
   */
  locate(at) {
    const perSecond = this.#perSecond(at);
    const description = {
      title: this.#rate.format(perSecond),
      lines: [`at ${formatTick(at * this.#widthMs)}`],
    };
    const box = { x: this.#x(at + 0.5), y: TOP, width: 0, height: HEIGHT - AXIS - TOP };
    return { ...box, description };
  }

  get #widthMs() {
    return Math.max(1, this.#state.throughput.widthMs);
  }

  get #plotWidth() {
    return Math.max(1, this.width - GUTTER - RIGHT);
  }

  /** The number of complete intervals. */
  get #settled() {
    const { rows } = this.#state.throughput;
    if (this.#state.job?.endMs !== null) return rows.length;
    const settledMs = this.#endMs > 4 * UNSETTLED_MS ? this.#endMs - UNSETTLED_MS : this.#endMs;
    return Math.min(rows.length, Math.floor(settledMs / this.#widthMs));
  }

  /** @param {number} at */
  #perSecond(at) {
    // The end of the job cuts the last interval short.
    const ms = Math.min(this.#widthMs, this.#endMs - at * this.#widthMs);
    const work = this.#state.throughput.rows[at]?.[this.#rate.column] ?? 0;
    return (1000 * work) / Math.max(ms, this.#widthMs / 4);
  }

  /** @param {number} at */
  #x(at) {
    return GUTTER + Math.min(1, (at * this.#widthMs) / this.#endMs) * this.#plotWidth;
  }

  /** @param {number} value */
  #y(value) {
    return HEIGHT - AXIS - (value / this.#max) * (HEIGHT - AXIS - TOP);
  }
}

/** @param {string} label whose zeros behind the point say nothing: `4.00 MB/s` */
function shortened(label) {
  return label.replace(/(\.[0-9]*?)0+ /, "$1 ").replace(". ", " ");
}
