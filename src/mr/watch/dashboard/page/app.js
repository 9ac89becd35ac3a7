/** The dashboard: updates the page with the patches of the job. */

import { forgetColors } from "./chart.js";
import { JobState } from "./job-state.js";
import {
  element,
  showCounters,
  showHeader,
  showIncidents,
  showLegend,
  showOutcome,
  showSkew,
} from "./panels.js";
import { formatBytes, formatCount } from "./quantities.js";
import { RateChart } from "./rate-chart.js";
import { ShuffleChart } from "./shuffle-chart.js";
import { TaskGrid } from "./task-grid.js";
import { Timeline } from "./timeline.js";
import { Tooltip } from "./tooltip.js";

/** @import { Patch } from "../protocol.ts" */

/** How often the page is updated while nothing happens. */
const TICK_MS = 1000;
const THEMES = ["auto", "light", "dark"];
const THEME_KEY = "tsmr-theme";

const state = new JobState();
/** The `performance.now()` at which the coordinator started. */
let startMs = performance.now();
/** The `performance.now()` of the last update of the page. */
let shownMs = 0;

const tooltip = new Tooltip();
const grids = {
  map: new TaskGrid(element("maps"), tooltip, state, "map"),
  reduce: new TaskGrid(element("reduces"), tooltip, state, "reduce"),
};
const timeline = new Timeline(element("timeline"), tooltip, state);
const rates = [
  new RateChart(element("bytes"), tooltip, state, {
    column: 1,
    color: "running",
    name: "Bytes per second",
    format: (perSecond) => `${formatBytes(perSecond)}/s`,
  }),
  new RateChart(element("records"), tooltip, state, {
    column: 0,
    color: "completed",
    name: "Records per second",
    format: (perSecond) => `${formatCount(perSecond)}/s`,
  }),
];
const shuffle = new ShuffleChart(element("shuffle"), tooltip, state);
const charts = [grids.map, grids.reduce, timeline, ...rates, shuffle];

/** @param {Patch} patch */
function take(patch) {
  state.apply(patch);
  shownMs = performance.now();
  startMs = shownMs - patch.nowMs;
  const isNew = patch.reset === true || patch.job !== undefined;
  showHeader(state, patch.nowMs);
  if (isNew || state.job?.outcome !== null) showOutcome(state);
  if (isNew || patch.counters !== undefined) showCounters(state);
  if (isNew || patch.incidents !== undefined) showIncidents(state);
  if (isNew || patch.shuffle !== undefined) {
    showSkew(state);
    shuffle.invalidate();
  }
  if (isNew || patch.maps !== undefined || patch.reduces !== undefined) {
    showLegend([state.counts.map, state.counts.reduce]);
  }
  if (isNew || patch.maps !== undefined) grids.map.invalidate();
  if (isNew || patch.reduces !== undefined) grids.reduce.invalidate();
  timeline.invalidate();
  for (const rate of rates) rate.invalidate();
}

/** Updates the times on the page while nothing happens. */
function tick() {
  if (state.job === undefined || state.job.outcome !== null || !isLive) return;
  const timeMs = performance.now();
  // Each redraw costs processor time, often on the machine that runs the job.
  if (timeMs - shownMs < TICK_MS / 2) return;
  shownMs = timeMs;
  state.nowMs = timeMs - startMs;
  showHeader(state, state.nowMs);
  timeline.invalidate();
}

let isLive = false;

const CONNECTIONS = {
  connecting: "connecting",
  live: "live",
  lost: "connection lost",
  ended: "final state",
};

/**
 * @param {"connecting" | "live" | "lost" | "ended"} connection
 * @param {string} notice
 */
function tell(connection, notice) {
  isLive = connection === "live";
  const shown = element("connection");
  shown.dataset["state"] = connection;
  shown.textContent = CONNECTIONS[connection];
  element("notice").textContent = notice;
  element("notice").hidden = notice === "";
}

function connect() {
  const source = new EventSource("events");
  source.addEventListener("open", () => tell("live", ""));
  source.addEventListener("message", ({ data }) => take(JSON.parse(data)));
  source.addEventListener("error", () => {
    if (state.job !== undefined && state.job.outcome !== null) {
      // The server has ended with its job. The final state stays visible.
      source.close();
      tell("ended", "");
      return;
    }
    const at = new Date().toLocaleTimeString();
    const shown = state.job === undefined ? "" : ` The page shows the state at ${at}.`;
    tell("lost", `The coordinator does not answer.${shown} Trying again …`);
    // Browsers give up when a connection is refused, but a resumed coordinator takes a while to start.
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, 2000);
  });
}

/** @param {string} theme */
function showTheme(theme) {
  const root = document.documentElement;
  if (theme === "auto") delete root.dataset["theme"];
  else root.dataset["theme"] = theme;
  const button = element("theme");
  button.textContent = `Theme: ${theme}`;
  button.dataset["theme"] = theme;
  forgetColors();
  for (const chart of charts) chart.invalidate();
}

function storedTheme() {
  try {
    return localStorage.getItem(THEME_KEY) ?? "auto";
  } catch {
    // Some browsers refuse storage to local pages: then the system's theme is used.
    return "auto";
  }
}

element("theme").addEventListener("click", () => {
  const now = element("theme").dataset["theme"] ?? "auto";
  const next = THEMES[(THEMES.indexOf(now) + 1) % THEMES.length] ?? "auto";
  showTheme(next);
  try {
    localStorage.setItem(THEME_KEY, next);
  } catch {
    // The choice is lost when the page is reloaded.
  }
});
for (const query of ["(prefers-color-scheme: dark)", "(forced-colors: active)"]) {
  matchMedia(query).addEventListener("change", () => {
    showTheme(element("theme").dataset["theme"] ?? "auto");
  });
}
showTheme(THEMES.includes(storedTheme()) ? storedTheme() : "auto");
setInterval(tick, TICK_MS);
connect();
