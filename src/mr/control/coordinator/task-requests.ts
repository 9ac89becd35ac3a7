import type { Split } from "../../job/split.ts";
import type { Attempt, AttemptId, OutputFile, TaskResult } from "../../job/task.ts";
import type { Assignment, Dismissal } from "../protocol/protocol.ts";
import type { Caller } from "../protocol/transport.ts";
import { present } from "./decision.ts";

type Answer = (answer: Assignment | Dismissal) => void;

interface WaitingRequest {
  readonly answer: Promise<Assignment | Dismissal>;
  readonly withdraw: () => void;
}

/** The unanswered requests of workers for tasks, and each worker's last assignment. */
export class TaskRequests {
  readonly #resultOf: (map: number) => TaskResult | undefined;
  /** A worker whose connection broke may have several: only the worker knows which one it still waits for. */
  readonly #waiting = new Map<number, Set<Answer>>();
  readonly #last = new Map<number, Assignment>();
  /** The workers that have not reported on their last assignment. */
  readonly #unreported = new Set<number>();

  /** @param resultOf the result of a completed map task */
  constructor(resultOf: (map: number) => TaskResult | undefined) {
    this.#resultOf = resultOf;
  }

  /**
   * Lets a request wait for its answer.
   *
   * @param onWithdrawn called when the last request of this worker no longer waits, without an answer
   * @returns `withdraw` ends the waiting; it does nothing once the request is answered
   */
  wait(worker: number, caller: Pick<Caller, "onHangUp">, onWithdrawn: () => void): WaitingRequest {
    const answers = this.#waiting.get(worker) ?? new Set();
    this.#waiting.set(worker, answers);
    let resolve: Answer = () => undefined;
    const answer = new Promise<Assignment | Dismissal>((resolvePromise) => {
      resolve = resolvePromise;
    });
    answers.add(resolve);
    const withdraw = () => {
      const isOpen = this.#waiting.get(worker) === answers && answers.delete(resolve);
      if (!isOpen || answers.size > 0) return;
      this.#waiting.delete(worker);
      onWithdrawn();
    };
    caller.onHangUp(withdraw);
    return { answer, withdraw };
  }

  answer(worker: number, answer: Assignment | Dismissal): void {
    const answers = this.#waiting.get(worker) ?? [];
    this.#waiting.delete(worker);
    for (const resolve of answers) resolve(answer);
  }

  /** Whether this attempt is what the worker was last assigned. */
  isRepeated({ worker, phase, task, attempt }: Attempt): boolean {
    const last = this.#last.get(worker);
    return last?.kind === phase && last.task === task && last.attempt === attempt;
  }

  /** The assignment of an attempt to its worker. A repeated attempt gets the same assignment. */
  assign(id: Attempt, splits: readonly Split[]): Assignment {
    const { worker, phase, task, attempt } = id;
    const last = this.#last.get(worker);
    // An attempt keeps its first sources, although a map output may have been lost or replaced since.
    if (last !== undefined && this.isRepeated(id)) return last;
    const assignment: Assignment =
      phase === "map"
        ? { kind: phase, task, attempt, split: present(splits[task]) }
        : { kind: phase, task, attempt, sources: this.#sourcesOf(task, splits.length) };
    this.#last.set(worker, assignment);
    this.#unreported.add(worker);
    return assignment;
  }

  /** Whether the worker has an assignment on which it has not reported. */
  isBusy(worker: number): boolean {
    return this.#unreported.has(worker);
  }

  /** The worker has reported on its assignment. */
  reported(worker: number): void {
    this.#unreported.delete(worker);
  }

  /**
   * Forgets a worker that is gone.
   *
   * @returns the attempt on which it has not reported, if there is one
   */
  forget(worker: number): AttemptId | undefined {
    const last = this.#last.get(worker);
    this.#waiting.delete(worker);
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
