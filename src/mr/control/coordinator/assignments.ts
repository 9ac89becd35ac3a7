import type { Split } from "../../job/split.ts";
import type { AttemptId, OutputFile, TaskResult } from "../../job/task.ts";
import type { Assignment } from "../protocol/protocol.ts";

/** An attempt, and the worker that is to run it. */
type WorkersAttempt = AttemptId & { readonly worker: number };

/** What each worker was last told to do, to be told again in the same words. */
export class Assignments {
  readonly #resultOf: (map: number) => TaskResult | undefined;
  readonly #last = new Map<number, Assignment>();
  /** The workers that have not said yet what came of it. */
  readonly #unreported = new Set<number>();

  /** @param resultOf what a completed map task has left behind */
  constructor(resultOf: (map: number) => TaskResult | undefined) {
    this.#resultOf = resultOf;
  }

  /** Whether this is what the worker was last told to do. */
  isRepeated({ worker, phase, task, attempt }: WorkersAttempt): boolean {
    const last = this.#last.get(worker);
    return last?.kind === phase && last.task === task && last.attempt === attempt;
  }

  /** What to tell a worker of its attempt. */
  describe(id: WorkersAttempt, splits: readonly Split[]): Assignment {
    const { worker, phase, task, attempt } = id;
    const last = this.#last.get(worker);
    // An attempt keeps the sources it began with: meanwhile a map output may be missing, or another.
    if (last !== undefined && this.isRepeated(id)) return last;
    const assignment: Assignment =
      phase === "map"
        ? { kind: phase, task, attempt, split: present(splits[task]) }
        : { kind: phase, task, attempt, sources: this.#sourcesOf(task, splits.length) };
    this.#last.set(worker, assignment);
    this.#unreported.add(worker);
    return assignment;
  }

  /** Whether the worker has been told to do something, and has not said yet what came of it. */
  isBusy(worker: number): boolean {
    return this.#unreported.has(worker);
  }

  /** The worker has told what came of what it was to do. */
  reported(worker: number): void {
    this.#unreported.delete(worker);
  }

  /**
   * The worker is gone.
   *
   * @returns the attempt of which it has not told what came of it, if there is one
   */
  forget(worker: number): AttemptId | undefined {
    const last = this.#last.get(worker);
    this.#last.delete(worker);
    if (!this.#unreported.delete(worker) || last === undefined) return undefined;
    return { phase: last.kind, task: last.task, attempt: last.attempt };
  }

  #sourcesOf(reduce: number, maps: number): OutputFile[] {
    return Array.from({ length: maps }, (_, map) => {
      return present(this.#resultOf(map)?.outputs[reduce]);
    });
  }
}

/** Asserts what the scheduler guarantees: a task is handed out when all that it needs is there. */
export function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("The scheduler decided before what it needs was there");
  return value;
}
