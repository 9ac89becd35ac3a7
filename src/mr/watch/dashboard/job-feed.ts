import type { JobEvent } from "../../job/events.ts";
import { type JobOutcome, NO_PROGRESS, type Phase, type Progress } from "../../job/task.ts";
import { appFrames } from "../history/app-frames.ts";
import { type AttemptView, addProgress, JobView } from "../history/job-view.ts";
import { timeLeftMs } from "../history/time-left.ts";
import type { JobRow, Patch, TotalsRow } from "./protocol.ts";
import { ROWS, type Table } from "./rows.ts";
import { ShuffleMatrix, Throughput, Versions } from "./versioned.ts";

/** The limit of rows in a patch, so that one message of a large job does not block the page for long. */
const MAX_ROWS_PER_PATCH = 4000;

const TABLES = Object.keys(ROWS) as Table[];
type MutablePatch = { -readonly [Name in keyof Patch]: Patch[Name] };

/**
 * Makes the patches of a job for the page: the changes since any version. Clients differ only in the version
 * that they have, so they take no memory, and slow clients get many changes in one patch.
 */
export class JobFeed {
  readonly view = new JobView();
  /** Increases with every event. */
  version = 0;
  /** When the job ended, in milliseconds since the coordinator started; null while it runs. */
  endMs: number | null = null;
  shuffleBytes = 0;
  /** Bytes of the outputs of completed reduce tasks. */
  outputBytes = 0;
  /** Records, bytes and processor time of all attempts, failed ones included. */
  work = NO_PROGRESS;
  /** The number of attempts by how they ended. */
  readonly ends = new Map<string, number>();
  /** The version of the last change of each. */
  readonly #latest = { plan: 0, job: 0, counters: 0 };
  readonly #changes = Object.fromEntries(
    TABLES.map((table) => [table, new Versions()]),
  ) as Readonly<Record<Table, Versions>>;
  #matrix = new ShuffleMatrix(0, 0, 0);
  readonly #throughput = new Throughput();
  /** Numbers of the input files, by name. */
  #files = new Map<string, number>();
  /** When each running attempt last reported progress. */
  readonly #toldMs = new Map<AttemptView, number>();

  apply(event: JobEvent): void {
    this.version += 1;
    const { view } = this;
    const incidents = view.incidents.length;
    const living = "attempt" in event ? view.living(event) : undefined;
    const before = living?.progress ?? NO_PROGRESS;
    const ending = event.type === "jobEnded" ? view.running : [];
    // The view then forgets the output that was lost.
    if (event.type === "taskReopened") this.#account(event.phase, event.task, -1);
    const { phase: phaseBefore } = view;
    view.apply(event);
    // The phase changes without an event when the last map task that ran again is completed.
    if (view.phase !== phaseBefore) this.#latest.job = this.version;
    if ("task" in event) this.#touchTask(event.phase, event.task);
    if (living !== undefined) this.#touch("attempts", living.index);
    if (view.incidents.length > incidents) this.#touch("incidents", incidents);
    this.#take(event, living, before);
    for (const attempt of ending) {
      this.#touch("attempts", attempt.index);
      this.#touchTask(attempt.phase, attempt.task);
      this.#countEnd(attempt);
    }
    if (living !== undefined) this.#countEnd(living);
  }

  #take(event: JobEvent, living: AttemptView | undefined, before: Progress): void {
    switch (event.type) {
      case "jobStarted":
      case "phaseStarted":
      case "taskReopened":
        this.#latest.job = this.version;
        break;
      case "jobPlanned":
        this.#plan();
        break;
      case "workerJoined":
      case "workerLeft":
        this.#touch("workers", event.worker - 1);
        break;
      case "attemptStarted":
        this.#touch("attempts", this.view.attempts.length - 1);
        break;
      case "attemptProgressed":
        this.#worked(event.atMs, living, before, event.progress);
        break;
      case "attemptCompleted":
        this.#worked(event.atMs, living, before, event.progress ?? before);
        this.#account(event.phase, event.task, 1);
        break;
      case "taskRestored":
        this.#account(event.phase, event.task, 1);
        break;
      case "jobEnded":
        this.endMs = event.atMs;
        this.#latest.job = this.version;
        break;
    }
  }

  /**
   * The changes since a version, as patches to be applied in order. For version 0, and for versions before the
   * present plan of the job, they are a snapshot.
   */
  since(version: number, nowMs: number): Patch[] {
    const isSnapshot = version < this.#latest.plan || version === 0;
    const from = isSnapshot ? 0 : version;
    const { view } = this;
    const first: MutablePatch = { nowMs: Math.round(nowMs), totals: this.#totals() };
    if (isSnapshot) {
      first.reset = true;
      first.files = [...this.#files.keys()];
    }
    if (this.#latest.job > from) first.job = this.#jobRow();
    if (this.#latest.counters > from) first.counters = view.counters;
    const throughput = this.#throughput.since(from);
    if (throughput !== undefined) first.throughput = throughput;
    const shuffle = this.#matrix.since(from);
    if (shuffle !== undefined) first.shuffle = shuffle;

    const patches: MutablePatch[] = [first];
    let room = MAX_ROWS_PER_PATCH;
    for (const table of TABLES) {
      const changed = this.#changes[table].since(from);
      for (let at = 0; at < changed.length; ) {
        if (room === 0) {
          patches.push({ nowMs: first.nowMs });
          room = MAX_ROWS_PER_PATCH;
        }
        const which = changed.slice(at, at + room);
        const rows = which.flatMap((index) => {
          const row = ROWS[table](view, index, this.#files);
          return row === undefined ? [] : [[index, ...row]];
        });
        Object.assign(patches.at(-1) ?? first, { [table]: rows });
        room -= which.length;
        at += which.length;
      }
    }
    return patches;
  }

  #jobRow(): JobRow {
    const { app, directory, startedAt, resumed, leaseMs, phase, reduceStartMs, outcome } =
      this.view;
    return {
      ...{ app, directory, startedAt, resumed, leaseMs, phase },
      reduceStartMs: reduceStartMs ?? null,
      maps: this.view.tasks("map").length,
      reduces: this.view.tasks("reduce").length,
      outcome: outcome === undefined ? null : forPeople(outcome),
      endMs: this.endMs,
    };
  }

  #totals(): TotalsRow {
    const { view } = this;
    const { records, bytes, cpuMs } = this.work;
    const leftMs = timeLeftMs(view);
    return [
      ...([view.completed("map"), view.completed("reduce"), records, bytes] as const),
      ...([Math.round(cpuMs), this.shuffleBytes, this.outputBytes] as const),
      leftMs === undefined ? null : Math.round(leftMs),
    ];
  }

  #plan(): void {
    const { view, version } = this;
    const [maps, reduces] = [view.tasks("map").length, view.tasks("reduce").length];
    this.#latest.plan = version;
    this.#latest.job = version;
    this.#files = new Map();
    for (const { file } of view.splits) {
      if (!this.#files.has(file)) this.#files.set(file, this.#files.size);
    }
    this.#changes.splits.reset(maps, version);
    this.#changes.maps.reset(maps, version);
    this.#changes.reduces.reset(reduces, version);
    this.#matrix = new ShuffleMatrix(maps, reduces, version);
  }

  #worked(atMs: number, attempt: AttemptView | undefined, before: Progress, after: Progress): void {
    if (attempt === undefined) return;
    const { records, bytes, cpuMs } = addProgress(after, before, -1);
    const work = {
      records: Math.max(0, records),
      bytes: Math.max(0, bytes),
      cpuMs: Math.max(0, cpuMs),
    };
    this.work = addProgress(this.work, work);
    const fromMs = this.#toldMs.get(attempt) ?? attempt.startMs;
    this.#throughput.add(fromMs, atMs, work, this.version);
    this.#toldMs.set(attempt, atMs);
  }

  /** Adds the output of a completed task, or with a `sign` of -1 takes it away. */
  #account(phase: Phase, task: number, sign: 1 | -1): void {
    const { outputBytes = [], counters = {} } = this.view.tasks(phase)[task] ?? {};
    const bytes = outputBytes.reduce((sum, length) => sum + length, 0);
    if (phase === "map") {
      this.shuffleBytes += sign * bytes;
      this.#matrix.add(task, outputBytes, sign, this.version);
    } else this.outputBytes += sign * bytes;
    if (Object.keys(counters).length > 0) this.#latest.counters = this.version;
  }

  #countEnd(attempt: AttemptView): void {
    const { end } = attempt;
    if (end === undefined) return;
    this.ends.set(end, (this.ends.get(end) ?? 0) + 1);
    this.#toldMs.delete(attempt);
  }

  #touchTask(phase: Phase, task: number): void {
    this.#touch(phase === "map" ? "maps" : "reduces", task);
  }

  #touch(table: Table, row: number): void {
    this.#changes[table].touch(row, this.version);
  }
}

function forPeople(outcome: JobOutcome): JobOutcome {
  if (outcome.state !== "failed" || outcome.failure.stack === undefined) return outcome;
  return { ...outcome, failure: { ...outcome.failure, stack: appFrames(outcome.failure.stack) } };
}
