/**
 * The state of the job: the result of all patches received. This module does not need a browser.
 *
 * @import { Patch, Row, TaskRow, AttemptRow, JobRow, TotalsRow, IncidentRow, ShufflePatch, ThroughputPatch } from "../protocol.ts"
 */

/**
 * @typedef {"map" | "reduce"} Phase
 * @typedef {{ file: string, bytes: number, others: number }} Split
 * @typedef {{ state: 0 | 1 | 2, attempts: number, alive: number, incidents: number, isRestored: boolean,
 *   records: number, bytes: number, cpuMs: number, outputBytes: number, status: TaskStatus }} Task
 * @typedef {{ phase: Phase, task: number, attempt: number, worker: number, isBackup: boolean,
 *   startMs: number, endMs: number | null, end: AttemptRow[7], records: number, bytes: number,
 *   cpuMs: number }} Attempt
 * @typedef {{ worker: number, pid: number, joinedMs: number, leftMs: number | null }} Worker
 * @typedef {{ atMs: number, type: string, phase: Phase, task: number, attempt: number | null,
 *   worker: number | null, message: string, stack: string | null }} Incident
 * @typedef {{ completedMaps: number, completedReduces: number, records: number, bytes: number,
 *   cpuMs: number, shuffleBytes: number, outputBytes: number, timeLeftMs: number | null }} Totals
 * @typedef {{ widthMs: number, rows: number[][] }} Throughput
 * @typedef {{ mapsPerRow: number, reducesPerColumn: number, rows: number[][],
 *   largest: ShufflePatch["largest"] }} Shuffle
 */

/**
 * How a task is shown: its state and its history.
 *
 * @typedef {"idle" | "again" | "running" | "retrying" | "backup" | "completed" | "recovered"
 *   | "restored" | "failed"} TaskStatus
 */

/** @type {readonly Phase[]} */
const PHASES = ["map", "reduce"];

export class JobState {
  nowMs = 0;
  /** @type {JobRow | undefined} */
  job;
  /** @type {readonly string[]} */
  files = [];
  /** @type {Split[]} */
  splits = [];
  /** @type {{ map: Task[], reduce: Task[] }} */
  tasks = { map: [], reduce: [] };
  /** The number of tasks by status. @type {Record<Phase, Map<TaskStatus, number>>} */
  counts = { map: new Map(), reduce: new Map() };
  /** @type {Attempt[]} */
  attempts = [];
  /** @type {Worker[]} */
  workers = [];
  /** @type {Incident[]} */
  incidents = [];
  /** @type {Readonly<Record<string, number>>} */
  counters = {};
  /** @type {Totals | undefined} */
  totals;
  /** @type {Throughput} */
  throughput = { widthMs: 0, rows: [] };
  /** @type {Shuffle} */
  shuffle = { mapsPerRow: 1, reducesPerColumn: 1, rows: [], largest: null };
  /** Attempts of each task, oldest first, by {@link taskKey}. @type {Map<string, Attempt[]>} */
  #ofTask = new Map();

  /**
   * Applies a patch.
   *
   * @param {Patch} patch
   */
  apply(patch) {
    if (patch.reset === true) {
      Object.assign(this, new JobState());
      this.#ofTask = new Map();
    }
    this.nowMs = patch.nowMs;
    this.job = patch.job ?? this.job;
    this.files = patch.files ?? this.files;
    this.counters = patch.counters ?? this.counters;
    if (patch.totals !== undefined) this.totals = totalsOf(patch.totals);
    for (const [at, file, bytes, others] of patch.splits ?? []) {
      this.splits[at] = { file: this.files[file] ?? "", bytes, others };
    }
    for (const row of patch.maps ?? []) this.#takeTask("map", row);
    for (const row of patch.reduces ?? []) this.#takeTask("reduce", row);
    for (const row of patch.attempts ?? []) this.#takeAttempt(row);
    for (const [at, worker, pid, joinedMs, leftMs] of patch.workers ?? []) {
      this.workers[at] = { worker, pid, joinedMs, leftMs };
    }
    for (const [at, ...row] of patch.incidents ?? []) this.incidents[at] = incidentOf(row);
    this.#markCulprit();
    if (patch.throughput !== undefined) this.#takeThroughput(patch.throughput);
    if (patch.shuffle !== undefined) {
      const { mapsPerRow, reducesPerColumn, rows, largest } = patch.shuffle;
      for (const [at, ...cells] of rows) this.shuffle.rows[at] = cells;
      Object.assign(this.shuffle, { mapsPerRow, reducesPerColumn, largest });
    }
  }

  /**
   * @param {Phase} phase
   * @param {number} task
   * @returns {readonly Attempt[]} of the task, oldest first
   */
  attemptsOf(phase, task) {
    return this.#ofTask.get(taskKey(phase, task)) ?? [];
  }

  /**
   * @param {Phase} phase
   * @param {Row<TaskRow>} row
   */
  #takeTask(phase, row) {
    const before = this.tasks[phase][row[0]];
    const task = taskOf(row);
    this.tasks[phase][row[0]] = task;
    if (before?.status === task.status) return;
    if (before !== undefined) this.#count(phase, before.status, -1);
    this.#count(phase, task.status, 1);
  }

  /**
   * @param {Phase} phase
   * @param {TaskStatus} status
   * @param {1 | -1} sign
   */
  #count(phase, status, sign) {
    const counts = this.counts[phase];
    const count = (counts.get(status) ?? 0) + sign;
    if (count === 0) counts.delete(status);
    else counts.set(status, count);
  }

  /** Shows the task of the last incident as the one that made the job fail. */
  #markCulprit() {
    const { phase, task: number } = this.incidents.at(-1) ?? { phase: "map", task: -1 };
    const task = this.tasks[phase][number];
    if (this.job?.outcome?.state !== "failed" || task === undefined || task.state === 2) return;
    this.#count(phase, task.status, -1);
    task.status = "failed";
    this.#count(phase, task.status, 1);
  }

  /** @param {Row<AttemptRow>} row */
  #takeAttempt([at, phase, task, attempt, worker, isBackup, startMs, endMs, end, ...progress]) {
    const [records, bytes, cpuMs] = progress;
    const known = this.attempts[at];
    const changing = { endMs, end, records, bytes, cpuMs };
    if (known !== undefined) {
      Object.assign(known, changing);
      return;
    }
    const named = PHASES[phase] ?? "map";
    const fresh = { phase: named, task, attempt, worker, isBackup: isBackup === 1, startMs };
    const made = { ...fresh, ...changing };
    this.attempts[at] = made;
    const key = taskKey(named, task);
    const siblings = this.#ofTask.get(key);
    if (siblings === undefined) this.#ofTask.set(key, [made]);
    else siblings.push(made);
  }

  /** @param {ThroughputPatch} patch */
  #takeThroughput({ widthMs, rows }) {
    // Intervals of another width replace all earlier ones.
    if (widthMs !== this.throughput.widthMs) this.throughput = { widthMs, rows: [] };
    for (const [at, ...work] of rows) this.throughput.rows[at] = work;
  }
}

/**
 * @param {Phase} phase
 * @param {number} task
 */
function taskKey(phase, task) {
  return `${phase} ${task}`;
}

/**
 * @param {Row<TaskRow>} row
 * @returns {Task}
 */
function taskOf([, state, attempts, alive, incidents, restored, records, bytes, ...rest]) {
  const [cpuMs, outputBytes] = rest;
  const isRestored = restored === 1;
  const known = { state, attempts, alive, incidents, isRestored };
  return { ...known, records, bytes, cpuMs, outputBytes, status: statusOf(known) };
}

/**
 * @param {Pick<Task, "state" | "attempts" | "alive" | "incidents" | "isRestored">} task
 * @returns {TaskStatus}
 */
function statusOf({ state, attempts, alive, incidents, isRestored }) {
  if (state === 2) {
    if (isRestored) return "restored";
    return attempts > 1 && incidents > 0 ? "recovered" : "completed";
  }
  if (state === 1) {
    if (alive > 1) return "backup";
    return attempts > 1 ? "retrying" : "running";
  }
  return attempts > 0 ? "again" : "idle";
}

/**
 * @param {IncidentRow} row
 * @returns {Incident}
 */
function incidentOf([atMs, type, phase, task, attempt, worker, message, stack]) {
  return { atMs, type, phase: PHASES[phase] ?? "map", task, attempt, worker, message, stack };
}

/**
 * @param {TotalsRow} row
 * @returns {Totals}
 */
function totalsOf([completedMaps, completedReduces, records, bytes, cpuMs, ...rest]) {
  const [shuffleBytes, outputBytes, timeLeftMs] = rest;
  const done = { completedMaps, completedReduces, records, bytes, cpuMs };
  return { ...done, shuffleBytes, outputBytes, timeLeftMs };
}
