/**
 * The base of all charts: a canvas with the width of its container and the resolution of the screen, drawn only
 * when something has changed. Its items can be pointed at, and reached with the arrow keys.
 */

/** @typedef {{ title: string, lines: readonly string[], swatch?: string }} Description */

/**
 * The position and description of an item on a canvas.
 *
 * @typedef {{ x: number, y: number, width: number, height: number, description: Description }} Located
 */

/** The time in a frame for drawing; other charts wait for the next frame. */
const FRAME_BUDGET_MS = 10;
const FONT = '11px system-ui, -apple-system, "Segoe UI", sans-serif';

/** @type {Set<Chart<any>>} */
const waiting = new Set();
let isScheduled = false;

function drawWaiting() {
  isScheduled = false;
  const startMs = performance.now();
  for (const chart of waiting) {
    if (performance.now() - startMs > FRAME_BUDGET_MS) break;
    waiting.delete(chart);
    chart.draw();
  }
  if (waiting.size > 0) schedule();
}

function schedule() {
  if (isScheduled) return;
  isScheduled = true;
  requestAnimationFrame(drawWaiting);
}

/** The present colours of the style sheet by name. @type {Map<string, string>} */
const colors = new Map();
const probe = document.createElement("span");

/**
 * @param {string} name of a custom property, without the dashes
 * @returns {string} its value in the present theme
 */
export function color(name) {
  const known = colors.get(name);
  if (known !== undefined) return known;
  if (!probe.isConnected) {
    probe.className = "probe";
    probe.hidden = true;
    document.body.append(probe);
  }
  probe.style.color = `var(--${name})`;
  const found = getComputedStyle(probe).color;
  colors.set(name, found);
  return found;
}

/** Increases whenever colours change. */
export let theme = 0;

const FORCED = "(forced-colors: active)";
/** Whether the system forces its own colours: then no state is shown by its colour alone. */
export let isForced = matchMedia(FORCED).matches;

/** Must be called when colours have changed. */
export function forgetColors() {
  colors.clear();
  isForced = matchMedia(FORCED).matches;
  theme += 1;
}

/**
 * Draws a cross in the middle of a box, in a colour that stands out from a bar.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {{ x: number, y: number, width: number, height: number }} box
 */
export function crossOut(context, { x, y, width, height }) {
  const half = Math.min(width, height) / 4;
  const [middleX, middleY] = [x + width / 2, y + height / 2];
  context.strokeStyle = color("on-bar");
  context.lineWidth = Math.max(1, half / 2);
  context.beginPath();
  context.moveTo(middleX - half, middleY - half);
  context.lineTo(middleX + half, middleY + half);
  context.moveTo(middleX - half, middleY + half);
  context.lineTo(middleX + half, middleY - half);
  context.stroke();
}

/**
 * @template Item the items that can be focused
 * @abstract
 */
export class Chart {
  width = 0;
  height = 0;
  /** @type {Item | undefined} */
  focused;
  /** @type {HTMLCanvasElement} */
  canvas;
  /** @type {CanvasRenderingContext2D} */
  context;
  /** @type {import("./tooltip.js").Tooltip} */
  #tooltip;
  #isPointed = false;
  /** Marks the focused item without redrawing the canvas. */
  #ring = document.createElement("div");

  /**
   * @param {HTMLElement} place
   * @param {import("./tooltip.js").Tooltip} tooltip
   */
  constructor(place, tooltip) {
    this.#tooltip = tooltip;
    this.canvas = document.createElement("canvas");
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("role", "img");
    const context = this.canvas.getContext("2d");
    if (context === null) throw new Error("This browser cannot draw");
    this.context = context;
    this.#ring.className = "ring";
    this.#ring.hidden = true;
    place.append(this.canvas, this.#ring);
    new ResizeObserver(([entry]) => {
      const width = Math.floor(entry?.contentRect.width ?? 0);
      if (width === this.width) return;
      this.width = width;
      this.invalidate();
    }).observe(place);
    this.#listen();
  }

  /** Redraws the chart with the next frame. */
  invalidate() {
    waiting.add(this);
    schedule();
  }

  draw() {
    if (this.width === 0) return;
    this.height = this.measure();
    const { canvas, context, width, height } = this;
    const ratio = globalThis.devicePixelRatio || 1;
    const [pixelWidth, pixelHeight] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.width !== pixelWidth || canvas.height !== pixelHeight) {
      canvas.width = pixelWidth;
      canvas.height = pixelHeight;
      canvas.style.height = `${height}px`;
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    if (!this.keepsPicture(ratio)) context.clearRect(0, 0, width, height);
    context.font = FONT;
    context.textBaseline = "middle";
    this.paint();
    const summary = this.summary();
    if (canvas.ariaLabel !== summary) canvas.ariaLabel = summary;
    // The focused item may have changed.
    if (this.focused !== undefined) this.#describe(this.focused);
  }

  /**
   * @abstract
   * @returns {number} the height for the present width
   */
  measure() {
    return 0;
  }

  /**
   * @param {number} _ratio pixels of the screen to one of the page
   * @returns {boolean} whether `paint` draws only changes over the present picture
   */
  keepsPicture(_ratio) {
    return false;
  }

  /** @abstract */
  paint() {
    throw new Error("paint() is abstract");
  }

  /**
   * @abstract
   * @returns {string} a description for screen readers
   */
  summary() {
    return "";
  }

  /**
   * @abstract
   * @param {number} _x
   * @param {number} _y
   * @returns {Item | undefined}
   */
  find(_x, _y) {
    return undefined;
  }

  /**
   * @abstract
   * @param {Item | undefined} _from
   * @param {number} _dx
   * @param {number} _dy
   * @returns {Item | undefined} the neighbour in a direction, or the first item
   */
  neighbour(_from, _dx, _dy) {
    return undefined;
  }

  /**
   * @abstract
   * @param {Item} _item
   * @returns {Located} the position and description of the item
   */
  locate(_item) {
    return { x: 0, y: 0, width: 0, height: 0, description: { title: "", lines: [] } };
  }

  /** @param {Item | undefined} item */
  #focus(item) {
    if (item === this.focused) return;
    this.focused = item;
    this.#ring.hidden = item === undefined;
    if (item === undefined) this.#tooltip.hide(this);
    else this.#describe(item);
  }

  /** @param {Item} item */
  #describe(item) {
    const { x, y, width, height, description } = this.locate(item);
    const { style } = this.#ring;
    style.transform = `translate(${Math.round(x) - 2}px, ${Math.round(y) - 2}px)`;
    style.width = `${Math.round(width) + 4}px`;
    style.height = `${Math.round(height) + 4}px`;
    const box = this.canvas.getBoundingClientRect();
    const at = { x: box.left + x + Math.min(width, 48) / 2, y: box.top + y + height };
    this.#tooltip.show(this, at, description, !this.#isPointed);
  }

  #listen() {
    const { canvas } = this;
    /** @param {PointerEvent} event */
    const point = ({ clientX, clientY }) => {
      const box = canvas.getBoundingClientRect();
      this.#isPointed = true;
      this.#focus(this.find(clientX - box.left, clientY - box.top));
    };
    canvas.addEventListener("pointermove", point);
    canvas.addEventListener("pointerdown", point);
    canvas.addEventListener("pointerleave", () => this.#focus(undefined));
    canvas.addEventListener("blur", () => this.#focus(undefined));
    canvas.addEventListener("keydown", (event) => {
      const [dx, dy] = MOVES[event.key] ?? [0, 0];
      this.#isPointed = false;
      if (event.key === "Escape") this.#focus(undefined);
      if (dx === 0 && dy === 0) return;
      event.preventDefault();
      this.#focus(this.neighbour(this.focused, dx, dy) ?? this.focused);
    });
  }
}

/** @type {Readonly<Record<string, readonly [number, number]>>} */
const MOVES = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};
