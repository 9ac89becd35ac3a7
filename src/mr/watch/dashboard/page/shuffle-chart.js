import { Chart, color } from "./chart.js";
import { counted, formatBytes } from "./quantities.js";

/**
 * @import { JobState } from "./job-state.js"
 * @import { Tooltip } from "./tooltip.js"
 */

const GUTTER = 40;
const TOP = 18;
const SUMS = 46;
const SHADES = 48;
const WANTED_HEIGHT = 240;

/** @typedef {{ row: number, column: number }} Cell */

/**
 * The bytes from each map task (row) to each reduce task (column). The bars below are the sums for each reduce
 * task: skew shows as a dark column. @extends {Chart<Cell>}
 */
export class ShuffleChart extends Chart {
  #state;
  #cellHeight = 1;
  #max = 1;

  /**
   * @param {HTMLElement} place
   * @param {Tooltip} tooltip
   * @param {JobState} state
   */
  constructor(place, tooltip, state) {
    super(place, tooltip);
    this.#state = state;
  }

  get #rows() {
    return this.#state.shuffle.rows;
  }

  get #columns() {
    return Math.max(1, this.#rows[0]?.length ?? 1);
  }

  get #cellWidth() {
    return Math.min(110, (this.width - GUTTER) / this.#columns);
  }

  /** @override */
  measure() {
    if (this.#rows.length === 0) return 0;
    const rows = Math.max(1, this.#rows.length);
    this.#cellHeight = Math.max(3, Math.min(20, Math.floor(WANTED_HEIGHT / rows)));
    return TOP + rows * this.#cellHeight + 6 + SUMS;
  }

  /** @override */
  paint() {
    if (this.#rows.length === 0) return;
    const { context } = this;
    const [width, height, columns] = [this.#cellWidth, this.#cellHeight, this.#columns];
    this.#max = this.#rows.reduce((max, cells) => Math.max(max, ...cells), 0);
    const gap = width >= 8 && height >= 8 ? 1 : 0;
    const colors = shades();
    context.fillStyle = color("track");
    context.fillRect(GUTTER, TOP, columns * width, this.#rows.length * height);
    for (const [row, cells] of this.#rows.entries()) {
      for (const [column, bytes] of (cells ?? []).entries()) {
        if (bytes === 0) continue;
        // The square root makes differences of small values visible.
        const step = Math.round(Math.sqrt(bytes / this.#max) * SHADES);
        context.fillStyle = colors[step] ?? "";
        const x = GUTTER + column * width;
        context.fillRect(x, TOP + row * height, width - gap, height - gap);
      }
    }
    this.#paintLabels();
    this.#paintSums();
  }

  #paintLabels() {
    const { context } = this;
    const { mapsPerRow, reducesPerColumn } = this.#state.shuffle;
    context.fillStyle = color("muted");
    context.textAlign = "right";
    const everyRow = Math.ceil(13 / this.#cellHeight);
    for (let row = 0; row < this.#rows.length; row += everyRow) {
      const y = TOP + (row + 0.5) * this.#cellHeight;
      context.fillText(String(row * mapsPerRow), GUTTER - 8, y);
    }
    context.textAlign = "center";
    const last = String(this.#columns * reducesPerColumn);
    const everyColumn = Math.ceil((8 + 7 * last.length) / this.#cellWidth);
    for (let column = 0; column < this.#columns; column += everyColumn) {
      const x = GUTTER + (column + 0.5) * this.#cellWidth;
      context.fillText(String(column * reducesPerColumn), x, TOP / 2);
    }
  }

  #paintSums() {
    const { context } = this;
    const sums = this.#sums();
    const max = Math.max(1, ...sums);
    const top = this.height - SUMS;
    context.fillStyle = color("heat-high");
    for (const [column, sum] of sums.entries()) {
      const height = (sum / max) * (SUMS - 4);
      const gap = this.#cellWidth >= 8 ? 1 : 0;
      const x = GUTTER + column * this.#cellWidth;
      context.fillRect(x, top + SUMS - height, this.#cellWidth - gap, height);
    }
    context.fillStyle = color("muted");
    context.textAlign = "right";
    context.fillText("sum", GUTTER - 8, top + SUMS - 8);
  }

  #sums() {
    const sums = new Array(this.#columns).fill(0);
    for (const cells of this.#rows) {
      for (const [column, bytes] of (cells ?? []).entries()) sums[column] += bytes;
    }
    return sums;
  }

  /** @override */
  summary() {
    const [rows, columns] = [counted(this.#rows.length, "row"), counted(this.#columns, "column")];
    return `Bytes from ${rows} of map tasks to ${columns} of reduce tasks`;
  }

  /**
   * @override
   * @param {number} x
   * @param {number} y
   */
  find(x, y) {
    const column = Math.floor((x - GUTTER) / this.#cellWidth);
    // A bar belongs to its column.
    const row = y > this.height - SUMS - 6 ? -1 : Math.floor((y - TOP) / this.#cellHeight);
    const isInside = column >= 0 && column < this.#columns && row < this.#rows.length && y >= TOP;
    if (!isInside || this.#rows.length === 0) return undefined;
    const known = this.focused;
    return known?.row === row && known.column === column ? known : { row, column };
  }

  /**
   * @override
   * @param {Cell | undefined} from
   * @param {number} dx
   * @param {number} dy
   */
  neighbour(from, dx, dy) {
    const { row, column } = from ?? { row: 0, column: 0 };
    const to = from === undefined ? { row, column } : { row: row + dy, column: column + dx };
    const isInside = to.row >= 0 && to.row < this.#rows.length && to.column >= 0;
    return isInside && to.column < this.#columns ? to : undefined;
  }

  /**
   * @override
   * @param {Cell} cell
   */
  locate({ row, column }) {
    const { mapsPerRow, reducesPerColumn } = this.#state.shuffle;
    const { map, reduce } = this.#state.tasks;
    const to = named("reduce", column, reducesPerColumn, reduce.length);
    const at = this.#box({ row, column });
    if (row < 0) {
      const bytes = this.#sums()[column] ?? 0;
      return { ...at, description: { title: formatBytes(bytes), lines: [`all maps → ${to}`] } };
    }
    const bytes = this.#rows[row]?.[column] ?? 0;
    const from = named("map", row, mapsPerRow, map.length);
    return { ...at, description: { title: formatBytes(bytes), lines: [`${from} → ${to}`] } };
  }

  /** @param {Cell} cell */
  #box({ row, column }) {
    const isBar = row < 0;
    return {
      x: GUTTER + column * this.#cellWidth,
      y: isBar ? this.height - SUMS : TOP + row * this.#cellHeight,
      width: this.#cellWidth,
      height: isBar ? SUMS : this.#cellHeight,
    };
  }
}

/**
 * @param {string} phase
 * @param {number} cell
 * @param {number} perCell
 * @param {number} count
 */
function named(phase, cell, perCell, count) {
  const first = cell * perCell;
  const last = Math.min(count, first + perCell) - 1;
  return last <= first ? `${phase} ${first}` : `${phase} ${first} to ${last}`;
}

/** The colours from 0 to the maximum in the present theme. */
function shades() {
  const [low, high] = [channels(color("heat-low")), channels(color("heat-high"))];
  return Array.from({ length: SHADES + 1 }, (_, step) => {
    const mixed = low.map((from, at) => {
      return Math.round(from + (step / SHADES) * ((high[at] ?? from) - from));
    });
    return `rgb(${mixed.join(" ")})`;
  });
}

/** @param {string} rgb such as `rgb(1, 2, 3)` */
function channels(rgb) {
  return (rgb.match(/[0-9.]+/g) ?? []).slice(0, 3).map(Number);
}
