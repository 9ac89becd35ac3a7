import { inputName } from "../../job/split.ts";
import type { Phase, Progress } from "../../job/task.ts";
import { type AttemptView, addProgress, JobView } from "../history/job-view.ts";
import { timeLeftMs } from "../history/time-left.ts";

/** Speeds are averages of this time. */
const WINDOW_MS = 5000;
/** The time constant with which the time left follows new estimates. */
const SMOOTHING_MS = 3000;
/** Estimates are not made before this time. */
const MIN_ELAPSED_MS = 1500;

export interface PhaseTasks {
  readonly completed: number;
  readonly running: number;
  readonly total: number;
}

export interface AttemptProgress
  extends Pick<AttemptView, "phase" | "task" | "attempt" | "isBackup"> {
  readonly elapsedMs: number;
  readonly file: string | undefined;
}

/** A worker and the attempt that it runs; undefined if it waits. */
export interface WorkerProgress {
  readonly worker: number;
  readonly attempt: AttemptProgress | undefined;
}

export interface ProgressState {
  /** Null until the first worker has registered. */
  readonly app: string | null;
  readonly phase: Phase;
  /** Since the command started. */
  readonly elapsedMs: number;
  readonly maps: PhaseTasks;
  readonly reduces: PhaseTasks;
  /** Undefined until it can be computed. */
  readonly speed: { readonly recordsPerS: number; readonly bytesPerS: number } | undefined;
  readonly leftMs: number | undefined;
  /** The present workers, by number. */
  readonly workers: readonly WorkerProgress[];
}

export class JobProgress {
  readonly view = new JobView();
  /** How long the command had been running when the coordinator started. */
  headStartMs = 0;
  readonly #samples: Array<Progress & { readonly atMs: number }> = [];
  #phase: Phase = "map";
  #endMs: number | undefined;
  #estimatedMs = 0;

  /** The present progress. To be called regularly: speed and time left come from the changes between calls. */
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
        return { worker, attempt: attempt && this.#attempt(attempt) };
      }),
    };
  }

  #attempt({ phase, task, attempt, isBackup, startMs }: AttemptView): AttemptProgress {
    const split = phase === "map" ? this.view.splits[task] : undefined;
    const elapsedMs = this.view.nowMs - startMs;
    return { phase, task, attempt, isBackup, elapsedMs, file: split && inputName(split) };
  }

  #count(phase: Phase): PhaseTasks {
    const tasks = this.view.tasks(phase);
    const running = tasks.filter(({ state }) => state === "inProgress").length;
    return { completed: this.view.completed(phase), running, total: tasks.length };
  }

  #speed(atMs: number): ProgressState["speed"] {
    const { totals } = this.view;
    const samples = this.#samples;
    samples.push({ atMs, ...totals });
    while (samples.length > 2 && atMs - (samples[1]?.atMs ?? 0) >= WINDOW_MS) samples.shift();
    const [first] = samples;
    if (first === undefined || atMs - first.atMs < 1000) return undefined;
    // Totals shrink when work is lost with a worker, but a speed is never negative.
    const perS = (amount: number) => Math.max(0, (1000 * amount) / (atMs - first.atMs));
    const { records, bytes } = addProgress(totals, first, -1);
    return { recordsPerS: perS(records), bytesPerS: perS(bytes) };
  }

  #timeLeft(nowMs: number): number | undefined {
    const { phase } = this.view;
    const leftMs = nowMs < MIN_ELAPSED_MS ? undefined : timeLeftMs(this.view);
    if (leftMs === undefined || phase !== this.#phase || this.#endMs === undefined) {
      this.#phase = phase;
      this.#endMs = leftMs === undefined ? undefined : nowMs + leftMs;
    } else {
      // A single fast or slow task must not make the estimate jump.
      const weight = 1 - Math.exp((this.#estimatedMs - nowMs) / SMOOTHING_MS);
      this.#endMs += weight * (nowMs + leftMs - this.#endMs);
    }
    this.#estimatedMs = nowMs;
    return this.#endMs === undefined ? undefined : Math.max(0, this.#endMs - nowMs);
  }
}
