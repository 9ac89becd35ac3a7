/**
 * The text parts of the page. Elements are changed only when their text has changed.
 *
 * @import { JobState, TaskStatus, Incident } from "./job-state.js"
 */

import { counted, formatBytes, formatCount, formatDuration, formatNumber } from "./quantities.js";
import { STATUSES } from "./task-grid.js";

/** The number of incidents that are shown. */
const MAX_INCIDENTS = 100;
/** The present speed is an average of this time. */
const SPEED_MS = 3000;

/**
 * @param {string} id
 * @returns {HTMLElement}
 */
export function element(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`The page has no element "${id}"`);
  return found;
}

/**
 * @param {HTMLElement} target
 * @param {string} text
 */
function say(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} className
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
function make(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className !== "") made.className = className;
  made.append(...children);
  return made;
}

/**
 * @param {JobState} state
 * @param {number} nowMs
 */
export function showHeader(state, nowMs) {
  const { job } = state;
  if (job === undefined) return;
  const name = job.app ?? "MapReduce job";
  say(element("app"), name);
  say(element("directory"), job.directory);
  const pill = element("state");
  const outcome = job.outcome?.state;
  const hasBegun = state.attempts.length > 0;
  pill.dataset["state"] = outcome ?? (hasBegun ? "running" : "waiting");
  say(pill, outcome ?? (hasBegun ? `${job.phase} phase` : "waiting for workers"));
  const title = outcome ?? `${percentDone(state)} %`;
  if (document.title !== `${title} · ${name}`) document.title = `${title} · ${name}`;
  showFigures(state, nowMs);
}

/** @param {JobState} state */
function percentDone({ totals, tasks }) {
  const done = (totals?.completedMaps ?? 0) + (totals?.completedReduces ?? 0);
  return Math.floor((100 * done) / Math.max(1, tasks.map.length + tasks.reduce.length));
}

/** @type {Map<string, { figure: HTMLElement, note: HTMLElement, bar: HTMLElement | undefined }>} */
const figures = new Map();

/**
 * @param {string} name
 * @param {string} value
 * @param {string} note
 * @param {number} [share] done, from 0 to 1
 */
function showFigure(name, value, note, share) {
  let shown = figures.get(name);
  if (shown === undefined) {
    const [figure, small] = [make("span", ""), make("small", "")];
    const fill = share === undefined ? undefined : make("span", "");
    const box = make("div", "", make("dt", "", name), make("dd", "", figure, " ", small));
    if (fill !== undefined) box.append(make("div", "bar", fill));
    element("figures").append(box);
    shown = { figure, note: small, bar: fill };
    figures.set(name, shown);
  }
  say(shown.figure, value);
  say(shown.note, note);
  if (shown.bar !== undefined) shown.bar.style.transform = `scaleX(${share})`;
}

/**
 * @param {JobState} state
 * @param {number} nowMs
 */
function showFigures(state, nowMs) {
  const { job, totals, tasks, workers } = state;
  if (job === undefined || totals === undefined) return;
  const hasEnded = job.outcome !== null;
  showFigure("Elapsed", formatDuration(job.endMs ?? nowMs), job.resumed ? "resumed" : "");
  const left = totals.timeLeftMs;
  const leftText = left === null ? "–" : formatDuration(Math.max(1000, left));
  showFigure("Left in this phase", hasEnded ? "–" : leftText, "");
  const { map, reduce } = tasks;
  const { completedMaps, completedReduces } = totals;
  const done = /** @type {const} */ ([
    ["Map tasks", completedMaps, map.length],
    ["Reduce tasks", completedReduces, reduce.length],
  ]);
  for (const [name, completed, all] of done) {
    const share = all === 0 ? 0 : completed / all;
    showFigure(name, formatNumber(completed), `of ${formatNumber(all)}`, share);
  }
  const { bytes, records } = speed(state);
  const of = hasEnded ? "mean" : "";
  showFigure("Bytes per second", formatBytes(bytes), of);
  showFigure("Records per second", formatCount(records), of);
  const present = workers.filter((worker) => worker.leftMs === null).length;
  // At the end of the job, all workers leave.
  const gone = hasEnded ? 0 : workers.length - present;
  const those = hasEnded ? workers.length : present;
  showFigure("Workers", formatNumber(those), gone > 0 ? `${gone} gone` : "");
  const { incidents } = state;
  showFigure("Incidents", formatNumber(incidents.length), "");
}

/** The amount of work in a second: now, or once the job has ended, on average. @param {JobState} state */
function speed({ job, throughput, nowMs }) {
  const { widthMs, rows } = throughput;
  if (widthMs === 0) return { bytes: 0, records: 0 };
  const endMs = job?.endMs ?? null;
  // Attempts report progress once a second.
  const to = endMs === null ? Math.max(1, Math.floor((nowMs - 1100) / widthMs)) : rows.length;
  const count = endMs === null ? Math.max(1, Math.ceil(SPEED_MS / widthMs)) : rows.length;
  const window = rows.slice(Math.max(0, to - count), to);
  const overMs = endMs ?? Math.max(1, Math.min(to, count) * widthMs);
  const sum = (/** @type {number} */ column) => {
    return window.reduce((total, row) => total + (row?.[column] ?? 0), 0);
  };
  return { bytes: (1000 * sum(1)) / overMs, records: (1000 * sum(0)) / overMs };
}

/** @param {ReadonlyArray<Map<TaskStatus, number>>} counts of the phases */
export function showLegend(counts) {
  /** @type {Map<TaskStatus, number>} */
  const all = new Map();
  for (const phase of counts) {
    for (const [status, count] of phase) all.set(status, (all.get(status) ?? 0) + count);
  }
  const key = [...all].join();
  const legend = element("legend");
  if (legend.dataset["key"] === key) return;
  legend.dataset["key"] = key;
  const usual = new Set(["idle", "running", "completed"]);
  const shown = /** @type {TaskStatus[]} */ (Object.keys(STATUSES)).filter((status) => {
    return all.has(status) || usual.has(status);
  });
  legend.replaceChildren(
    ...shown.map((status) => {
      const swatch = make("span", "swatch");
      swatch.dataset["status"] = status;
      const count = make("b", "", formatNumber(all.get(status) ?? 0));
      return make("li", "", swatch, STATUSES[status][0], count);
    }),
  );
}

/** @param {JobState} state */
export function showSkew({ shuffle, totals, job }) {
  const max = shuffle.rows.reduce((max, cells) => Math.max(max, ...(cells ?? [])), 0);
  element("scale").hidden = max === 0;
  say(element("scale-max"), formatBytes(max));
  if (shuffle.largest === null) {
    say(element("skew"), "No map task is completed yet.");
    return;
  }
  const [reduce, bytes, medianBytes] = shuffle.largest;
  const all = `${formatBytes(totals?.shuffleBytes ?? 0)} in all.`;
  const times = medianBytes > 0 ? (bytes / medianBytes).toFixed(1) : "many";
  const largest = `Reduce ${reduce} reads most: ${formatBytes(bytes)}, ${times} × the median.`;
  say(element("skew"), job !== undefined && job.reduces > 1 ? `${all} ${largest}` : all);
}

/** @param {JobState} state */
export function showCounters({ counters }) {
  const entries = Object.entries(counters).sort(([one], [other]) => (one < other ? -1 : 1));
  element("counters-card").hidden = entries.length === 0;
  const rows = entries.map(([name, count]) => {
    const heading = make("th", "", name);
    heading.scope = "row";
    return make("tr", "", heading, make("td", "", formatNumber(count)));
  });
  element("counters").replaceChildren(...rows);
}

/** @type {Readonly<Record<string, string>>} */
const HAPPENINGS = {
  attemptFailed: "failed",
  attemptBlocked: "blocked",
  attemptLost: "lost",
  taskReopened: "reopened",
};

let shownIncidents = 0;

/** @param {JobState} state */
export function showIncidents({ incidents }) {
  const list = element("incidents");
  // The number decreases only when a new job begins.
  if (incidents.length < shownIncidents) shownIncidents = 0;
  if (shownIncidents === 0 && incidents.length > 0) list.replaceChildren();
  for (const incident of incidents.slice(
    Math.max(shownIncidents, incidents.length - MAX_INCIDENTS),
  )) {
    list.prepend(describeIncident(incident));
  }
  while (list.childElementCount > MAX_INCIDENTS) list.lastElementChild?.remove();
  shownIncidents = incidents.length;
  const hidden = incidents.length - MAX_INCIDENTS;
  const more = hidden > 0 ? `, the last ${MAX_INCIDENTS} shown` : "";
  say(element("incidents-count"), incidents.length > 0 ? `${incidents.length}${more}` : "");
}

/** @param {Incident} incident */
function describeIncident({ atMs, type, phase, task, attempt, worker, message, stack }) {
  const what = `${phase} ${task} ${HAPPENINGS[type] ?? type}`;
  const which = attempt === null ? "" : ` (attempt ${attempt}, worker ${worker ?? "?"})`;
  const line = [make("time", "", formatDuration(atMs)), make("b", "", what), `${message}${which}`];
  if (stack === null) return make("div", "incident", make("div", "", ...line));
  return make("details", "incident", make("summary", "", ...line), make("pre", "", stack));
}

/** @param {JobState} state */
export function showOutcome({ job, totals, incidents, attempts }) {
  const box = element("outcome");
  const outcome = job?.outcome ?? null;
  box.hidden = outcome === null;
  if (outcome === null || job === undefined) return;
  const key = `${outcome.state} ${attempts.length} ${incidents.length}`;
  if (box.dataset["key"] === key) return;
  box.dataset["key"] = key;
  box.dataset["state"] = outcome.state;
  const after = formatDuration(job.endMs ?? 0);
  const { records = 0, bytes = 0, outputBytes = 0 } = totals ?? {};
  const work = `${counted(records, "record", formatCount)} and ${formatBytes(bytes)} read`;
  if (outcome.state === "completed") {
    const times = incidents.length === 1 ? "once" : counted(incidents.length, "time");
    const again = incidents.length === 0 ? "" : `; ${times} something had to be done again`;
    const result = `${formatBytes(outputBytes)} of output in ${counted(job.reduces, "file")}`;
    box.replaceChildren(
      make("strong", "", `Completed in ${after}`),
      make("p", "", `${result}; ${work} in ${counted(attempts.length, "attempt")}${again}.`),
    );
  } else if (outcome.state === "cancelled") {
    box.replaceChildren(
      make("strong", "", `Cancelled after ${after}: ${outcome.reason}`),
      make("p", "", "Completed tasks are kept: resume the job to continue."),
    );
  } else {
    const { message, stack } = outcome.failure;
    box.replaceChildren(make("strong", "", `Failed after ${after}: ${message}`));
    if (stack !== undefined) {
      const details = make(
        "details",
        "",
        make("summary", "", "Where in the app"),
        make("pre", "", stack),
      );
      details.open = true;
      box.append(details);
    }
    box.append(make("p", "", "Completed tasks are kept: resume the job to continue."));
  }
}
