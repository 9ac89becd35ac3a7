import { Chart, color, crossOut, isForced, theme } from "./chart.js";
import { counted, formatBytes, formatCount, formatDuration } from "./quantities.js";

/**
 * @import { JobState, Phase, TaskStatus } from "./job-state.js"
 * @import { Tooltip } from "./tooltip.js"
 */

const MAX_CELL = 24;
const MIN_CELL = 2;
const MAX_HEIGHT = { map: 300, reduce: 150 };

/**
 * The label of each status, the colour of its cell, and the colour of the strip at the bottom of the cell, which
 * shows the task's history.
 *
 * @type {Readonly<Record<TaskStatus, readonly [label: string, color: string, strip: string]>>}
 */
export const STATUSES = {
  idle: ["idle", "idle", ""],
  running: ["in progress", "running", ""],
  backup: ["in progress, with a backup", "backup", ""],
  retrying: ["in progress again", "running", "incident"],
  again: ["to be tried again", "idle", "incident"],
  completed: ["completed", "completed", ""],
  recovered: ["completed after incident", "completed", "incident"],
  restored: ["completed before this run", "restored", ""],
  failed: ["failed", "failed", ""],
};

/** All tasks of a phase, a cell each. @extends {Chart<number>} */
export class TaskGrid extends Chart {
  #state;
  #phase;
  #cell = MAX_CELL;
  #gap = 3;
  #columns = 1;
  /** Everything that the picture depends on besides the tasks. */
  #key = "";
  /** @type {TaskStatus[]} */
  #painted = [];

  /**
   * @param {HTMLElement} place
   * @param {Tooltip} tooltip
   * @param {JobState} state
   * @param {Phase} phase
   */
  constructor(place, tooltip, state, phase) {
    super(place, tooltip);
    this.#state = state;
    this.#phase = phase;
  }

  get #tasks() {
    return this.#state.tasks[this.#phase];
  }

  /** @override */
  measure() {
    const count = this.#tasks.length;
    for (this.#cell = MAX_CELL; ; this.#cell -= 1) {
      this.#gap = this.#cell >= 12 ? 3 : this.#cell >= 6 ? 2 : 1;
      this.#columns = Math.max(1, Math.floor((this.width + this.#gap) / this.#pitch));
      const height = Math.ceil(count / this.#columns) * this.#pitch;
      if (height <= MAX_HEIGHT[this.#phase] || this.#cell === MIN_CELL)
        return Math.max(height, this.#pitch);
    }
  }

  get #pitch() {
    return this.#cell + this.#gap;
  }

  /**
   * @override
   * @param {number} ratio
   */
  keepsPicture(ratio) {
    const key = [this.width, this.height, this.#cell, ratio, theme].join();
    if (key === this.#key) return true;
    this.#key = key;
    this.#painted = [];
    return false;
  }

  /** @override */
  paint() {
    const cell = this.#cell;
    const radius = cell >= 12 ? 4 : cell >= 6 ? 1.5 : 0;
    const { context } = this;
    let style = "";
    for (let task = 0; task < this.#tasks.length; task += 1) {
      const status = this.#tasks[task]?.status ?? "idle";
      const before = this.#painted[task];
      if (before === status) continue;
      this.#painted[task] = status;
      const [, fill, strip] = STATUSES[status];
      const { x, y } = this.#place(task);
      if (before !== undefined) context.clearRect(x, y, cell, cell);
      if (fill !== style) context.fillStyle = color(fill);
      style = fill;
      if (radius === 0) context.fillRect(x, y, cell, cell);
      else roundedCell(context, x, y, cell, radius);
      if (isForced && status === "failed" && cell >= 6) {
        crossOut(context, { x, y, width: cell, height: cell });
      }
      if (strip === "") continue;
      context.fillStyle = color(strip);
      style = strip;
      const height = Math.max(1, Math.round(cell * 0.28));
      context.fillRect(x, y + cell - height, cell, height);
    }
  }

  /** @override */
  summary() {
    const parts = [...this.#state.counts[this.#phase]].map(
      ([status, count]) => `${count} ${STATUSES[status][0]}`,
    );
    return `${counted(this.#tasks.length, `${this.#phase} task`, String)}: ${parts.join(", ")}`;
  }

  /**
   * @override
   * @param {number} x
   * @param {number} y
   */
  find(x, y) {
    const column = Math.floor(x / this.#pitch);
    const task = Math.floor(y / this.#pitch) * this.#columns + column;
    return x >= 0 && column < this.#columns && task < this.#tasks.length ? task : undefined;
  }

  /**
   * @override
   * @param {number | undefined} from
   * @param {number} dx
   * @param {number} dy
   */
  neighbour(from, dx, dy) {
    const to = from === undefined ? 0 : from + dx + dy * this.#columns;
    return to >= 0 && to < this.#tasks.length ? to : undefined;
  }

  /**
   * @override
   * @param {number} task
   */
  locate(task) {
    const box = { ...this.#place(task), width: this.#cell, height: this.#cell };
    return { ...box, description: describeTask(this.#state, this.#phase, task) };
  }

  /** @param {number} task */
  #place(task) {
    const [row, column] = [Math.floor(task / this.#columns), task % this.#columns];
    return { x: column * this.#pitch, y: row * this.#pitch };
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} x
 * @param {number} y
 * @param {number} size
 * @param {number} radius
 */
function roundedCell(context, x, y, size, radius) {
  context.beginPath();
  context.roundRect(x, y, size, size, radius);
  context.fill();
}

/**
 * @param {JobState} state
 * @param {Phase} phase
 * @param {number} number
 */
function describeTask(state, phase, number) {
  const task = state.tasks[phase][number];
  const status = task?.status ?? "idle";
  const attempts = state.attemptsOf(phase, number);
  const last = attempts.at(-1);
  const lines = [];
  const split = phase === "map" ? state.splits[number] : undefined;
  if (split !== undefined) {
    const others = split.others > 0 ? ` and ${split.others} more` : "";
    lines.push(`${split.file}${others}, ${formatBytes(split.bytes)}`);
  }
  if (last !== undefined) {
    const forMs = (last.endMs ?? state.nowMs) - last.startMs;
    const which = attempts.length > 1 ? `attempt ${last.attempt}, ` : "";
    lines.push(`${which}worker ${last.worker}, ${formatDuration(forMs)}`);
  }
  const progress = task?.state === 2 ? task : last;
  if (progress !== undefined && progress.records > 0) {
    lines.push(
      `${counted(progress.records, "record", formatCount)}, ${formatBytes(progress.bytes)}`,
    );
    lines.push(`${formatDuration(progress.cpuMs)} of processor time`);
  }
  if (task?.state === 2) lines.push(`${formatBytes(task.outputBytes)} of output`);
  if (task !== undefined && task.incidents > 0) {
    const incident = state.incidents.findLast((one) => one.phase === phase && one.task === number);
    if (incident !== undefined)
      lines.push(`attempt ${incident.attempt ?? ""}: ${incident.message}`);
  }
  return { title: `${phase} ${number}: ${STATUSES[status][0]}`, lines, swatch: status };
}
