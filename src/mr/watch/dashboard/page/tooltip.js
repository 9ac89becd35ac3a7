/** @import { Description } from "./chart.js" */

/** The box that describes the focused item. */
export class Tooltip {
  #box = document.createElement("div");
  #live = document.createElement("div");
  /** @type {unknown} */
  #owner;

  constructor() {
    this.#box.className = "tooltip";
    this.#box.hidden = true;
    // Screen readers get the text here instead.
    this.#box.ariaHidden = "true";
    this.#live.className = "unseen";
    this.#live.ariaLive = "polite";
    document.body.append(this.#box, this.#live);
  }

  /**
   * @param {unknown} owner
   * @param {{ x: number, y: number }} at in the window
   * @param {Description} description
   * @param {boolean} isSpoken
   */
  show(owner, { x, y }, { title, lines, swatch }, isSpoken) {
    this.#owner = owner;
    const heading = document.createElement("strong");
    if (swatch !== undefined) {
      const spot = document.createElement("span");
      spot.className = "swatch";
      spot.dataset["status"] = swatch;
      heading.append(spot);
    }
    heading.append(title);
    const rows = lines.map((line) => {
      const row = document.createElement("div");
      row.textContent = line;
      return row;
    });
    this.#box.replaceChildren(heading, ...rows);
    this.#box.hidden = false;
    const { offsetWidth, offsetHeight } = this.#box;
    const { clientWidth, clientHeight } = document.documentElement;
    const left = Math.max(8, Math.min(x + 12, clientWidth - offsetWidth - 8));
    const isLow = y + 14 + offsetHeight > clientHeight - 8;
    const top = isLow ? Math.max(8, y - 14 - offsetHeight) : y + 14;
    this.#box.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
    const spoken = isSpoken ? [title, ...lines].join(", ") : "";
    if (this.#live.textContent !== spoken) this.#live.textContent = spoken;
  }

  /** @param {unknown} owner only what it has shown */
  hide(owner) {
    if (owner === this.#owner) this.#box.hidden = true;
  }
}
