import type { JobEvent } from "../../job/events.ts";
import type { Phase } from "../../job/task.ts";

/** The duration of a reduce task before one is completed, as a part of that of a map task. */
const REDUCE_SHARE = 0.25;

/** Estimates from the events of a job how long its open tasks would take a single worker. */
export class RemainingWork {
  readonly #open = { map: 0, reduce: 0 };
  /** The durations of the last completed tasks: the first ones run code that is not compiled yet. */
  readonly #lastMs: { map?: number; reduce?: number } = {};
  /** When each busy worker started its attempt. */
  readonly #startsMs = new Map<number, number>();

  /** Must be called with every event of the job. */
  onEvent(event: JobEvent): void {
    switch (event.type) {
      case "jobPlanned":
        this.#open.map = event.splits.length;
        this.#open.reduce = event.reduces;
        break;
      case "attemptStarted":
        this.#startsMs.set(event.worker, event.atMs);
        break;
      case "attemptCompleted":
        this.#lastMs[event.phase] = event.atMs - (this.#startsMs.get(event.worker) ?? event.atMs);
        this.#startsMs.delete(event.worker);
        this.#open[event.phase] -= 1;
        break;
      case "taskRestored":
        this.#open[event.phase] -= 1;
        break;
      case "taskReopened":
        this.#open[event.phase] += 1;
        break;
      case "workerLeft":
        this.#startsMs.delete(event.worker);
        break;
      default:
        break;
    }
  }

  /** The estimate in milliseconds: 0 if no task waits for a worker, Infinity if no task is completed yet. */
  get ms(): number {
    const { map, reduce } = this.#open;
    if (map + reduce <= this.#startsMs.size) return 0;
    const { map: mapMs = Infinity, reduce: reduceMs = mapMs * REDUCE_SHARE } = this.#lastMs;
    const part = (phase: Phase, eachMs: number) => {
      return this.#open[phase] === 0 ? 0 : this.#open[phase] * eachMs;
    };
    return part("map", mapMs) + part("reduce", reduceMs);
  }
}
