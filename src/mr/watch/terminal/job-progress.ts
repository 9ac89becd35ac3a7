import type { JobEvent } from "../../job/events.ts";
import { inputName } from "../../job/split.ts";
import type { Phase } from "../../job/task.ts";
import { JobView } from "../history/job-view.ts";
import { timeLeftMs } from "../history/time-left.ts";

/** Speeds are those of the last seconds. */
const WINDOW_MS = 5000;
/** How quickly the time left follows a new estimate. */
const SMOOTHING_MS = 3000;
/** An estimate from less than this is a guess. */
const MIN_ELAPSED_MS = 1500;

export interface TaskCounts {
  readonly completed: number;
  readonly running: number;
  readonly total: number;
}

/** What a worker does now; `undefined` if it waits. */
export interface WorkerProgress {
  readonly worker: number;
  readonly attempt:
    | {
        readonly phase: Phase;
        readonly task: number;
        readonly attempt: number;
        readonly isBackup: boolean;
        readonly elapsedMs: number;
        /** The input file, of a map task. */
        readonly file: string | undefined;
      }
    | undefined;
}

/** A job as a person sees it at one moment. */
export interface ProgressState {
  /** Null until a worker has brought one. */
  readonly app: string | null;
  readonly phase: Phase;
  /** Since the job's command began. */
  readonly elapsedMs: number;
  readonly maps: TaskCounts;
  readonly reduces: TaskCounts;
  /** Undefined as long as there is nothing to tell it from. */
  readonly speed: { readonly recordsPerS: number; readonly bytesPerS: number } | undefined;
  /** What is left of the phase. */
  readonly leftMs: number | undefined;
  /** Those that have not left, by number. */
  readonly workers: readonly WorkerProgress[];
}

interface Sample {
  readonly atMs: number;
  readonly records: number;
  readonly bytes: number;
}

/** Follows a job by its events, and says at any time how far it is. */
export class JobProgress {
  readonly view = new JobView();
  /** How long the job's command had been running when the coordinator started. */
  headStartMs = 0;
  readonly #samples: Sample[] = [];
  #phase: Phase = "map";
  /** When the phase will be over, as it seems. */
  #endMs: number | undefined;
  #estimatedMs = 0;

  /** Takes in the next event. */
  apply(event: JobEvent): void {
    this.view.apply(event);
  }

  /**
   * How far the job is. To be called now and then: speed and time left follow from how that changes.
   *
   * @param nowMs milliseconds since the coordinator started
   */
  at(nowMs: number): ProgressState {
    const { view } = this;
    view.nowMs = Math.max(view.nowMs, nowMs);
    const workers = [...view.workers.values()].filter(({ leftMs }) => leftMs === undefined);
    return {
      app: view.app,
      phase: view.phase,
      elapsedMs: this.headStartMs + view.nowMs,
      maps: this.#count("map"),
      reduces: this.#count("reduce"),
      speed: this.#speed(view.nowMs),
      leftMs: this.#timeLeft(view.nowMs),
      workers: workers.map(({ worker, attempt }) => {
        if (attempt === undefined) return { worker, attempt };
        const { phase, task, isBackup, startMs } = attempt;
        const split = phase === "map" ? view.splits[task] : undefined;
        const elapsedMs = view.nowMs - startMs;
        return {
          worker,
          attempt: {
            phase,
            task,
            attempt: attempt.attempt,
            isBackup,
            elapsedMs,
            file: split && inputName(split),
          },
        };
      }),
    };
  }

  #count(phase: Phase): TaskCounts {
    const tasks = this.view.tasks(phase);
    let running = 0;
    for (const { state } of tasks) if (state === "inProgress") running += 1;
    return { completed: this.view.completed(phase), running, total: tasks.length };
  }

  #speed(atMs: number): ProgressState["speed"] {
    const { records, bytes } = this.view.totals;
    const samples = this.#samples;
    samples.push({ atMs, records, bytes });
    while (samples.length > 2 && atMs - (samples[1]?.atMs ?? 0) >= WINDOW_MS) samples.shift();
    const [first] = samples;
    if (first === undefined || atMs - first.atMs < 1000) return undefined;
    // What was lost with a worker is done again, but no speed is negative.
    const perS = (amount: number) => Math.max(0, (1000 * amount) / (atMs - first.atMs));
    return { recordsPerS: perS(records - first.records), bytesPerS: perS(bytes - first.bytes) };
  }

  #timeLeft(nowMs: number): number | undefined {
    const { phase } = this.view;
    const leftMs = nowMs < MIN_ELAPSED_MS ? undefined : timeLeftMs(this.view);
    if (leftMs === undefined || phase !== this.#phase || this.#endMs === undefined) {
      this.#phase = phase;
      this.#endMs = leftMs === undefined ? undefined : nowMs + leftMs;
    } else {
      // One task that is quicker or slower than the others must not make it jump.
      const weight = 1 - Math.exp((this.#estimatedMs - nowMs) / SMOOTHING_MS);
      this.#endMs += weight * (nowMs + leftMs - this.#endMs);
    }
    this.#estimatedMs = nowMs;
    return this.#endMs === undefined ? undefined : Math.max(0, this.#endMs - nowMs);
  }
}
