/**
 * What the page knows of the job: the fold of all patches it was sent. Nothing here needs a browser.
 *
 * @import { Patch, Row, TaskRow, AttemptRow, JobRow, TotalsRow, TroubleRow, ShufflePatch, ThroughputPatch } from "../protocol.ts"
 */

/**
 * @typedef {"map" | "reduce"} Phase
 * @typedef {{ file: string, start: number, end: number }} Split
 * @typedef {{ state: 0 | 1 | 2, attempts: number, alive: number, troubles: number, isRestored: boolean,
 *   records: number, bytes: number, cpuMs: number, outputBytes: number }} Task
 * @typedef {{ phase: Phase, task: number, attempt: number, worker: number, isBackup: boolean,
 *   startMs: number, endMs: number | null, end: AttemptRow[7], records: number, bytes: number,
 *   cpuMs: number }} Attempt
 * @typedef {{ worker: number, pid: number, joinedMs: number, leftMs: number | null }} Worker
 * @typedef {{ atMs: number, type: string, phase: Phase, task: number, attempt: number | null,
 *   worker: number | null, message: string, stack: string | null }} Trouble
 * @typedef {{ completedMaps: number, completedReduces: number, records: number, bytes: number,
 *   cpuMs: number, shuffleBytes: number, outputBytes: number, timeLeftMs: number | null }} Totals
 * @typedef {{ widthMs: number, rows: number[][] }} Throughput
 * @typedef {{ mapsPerRow: number, reducesPerColumn: number, rows: number[][],
 *   largest: ShufflePatch["largest"] }} Shuffle
 */

/**
 * How a task is shown. What it is, and what it has been through.
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
  /** @type {Attempt[]} */
  attempts = [];
  /** @type {Worker[]} */
  workers = [];
  /** @type {Trouble[]} */
  troubles = [];
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
   * Takes in a patch.
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
    for (const [at, file, start, end] of patch.splits ?? []) {
      this.splits[at] = { file: this.files[file] ?? "", start, end };
    }
    for (const row of patch.maps ?? []) this.tasks.map[row[0]] = taskOf(row);
    for (const row of patch.reduces ?? []) this.tasks.reduce[row[0]] = taskOf(row);
    for (const row of patch.attempts ?? []) this.#takeAttempt(row);
    for (const [at, worker, pid, joinedMs, leftMs] of patch.workers ?? []) {
      this.workers[at] = { worker, pid, joinedMs, leftMs };
    }
    for (const [at, ...row] of patch.troubles ?? []) this.troubles[at] = troubleOf(row);
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
   * @param {number} number
   * @returns {TaskStatus}
   */
  statusOf(phase, number) {
    const task = this.tasks[phase][number];
    if (task === undefined) return "idle";
    if (task.state === 2) {
      if (task.isRestored) return "restored";
      return task.attempts > 1 && task.troubles > 0 ? "recovered" : "completed";
    }
    if (task.state === 1) {
      if (task.alive > 1) return "backup";
      return task.attempts > 1 ? "retrying" : "running";
    }
    if (task.attempts === 0) return "idle";
    return this.#isCulprit(phase, number) ? "failed" : "again";
  }

  /**
   * Whether the job failed because this task did.
   *
   * @param {Phase} phase
   * @param {number} number
   */
  #isCulprit(phase, number) {
    if (this.job?.outcome?.state !== "failed") return false;
    const last = this.troubles.at(-1);
    return last !== undefined && last.phase === phase && last.task === number;
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
    // Of another width, it replaces all there was.
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
function taskOf([, state, attempts, alive, troubles, restored, records, bytes, ...rest]) {
  const [cpuMs, outputBytes] = rest;
  const isRestored = restored === 1;
  return { state, attempts, alive, troubles, isRestored, records, bytes, cpuMs, outputBytes };
}

/**
 * @param {TroubleRow} row
 * @returns {Trouble}
 */
function troubleOf([atMs, type, phase, task, attempt, worker, message, stack]) {
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
