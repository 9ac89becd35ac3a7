import type { Assignment, Dismissal } from "../protocol/protocol.ts";
import type { Caller } from "../protocol/server.ts";

/** The waiting end of a `task.request`. */
type Answer = (answer: Assignment | Dismissal) => void;

/**
 * Requests for a task that have not been answered yet, by worker. There may be several of one worker:
 * which of them it still waits for, it alone knows.
 */
export class WaitingRequests {
  readonly #answers = new Map<number, Set<Answer>>();

  /**
   * Lets a request wait.
   *
   * @param onHangUp called when the last connection on which this worker waits has closed
   */
  add(
    worker: number,
    caller: Pick<Caller, "onHangUp">,
    onHangUp: () => void,
  ): Promise<Assignment | Dismissal> {
    return new Promise((resolve) => {
      const answers = this.#answers.get(worker) ?? new Set();
      this.#answers.set(worker, answers.add(resolve));
      caller.onHangUp(() => {
        const isOpen = this.#answers.get(worker) === answers && answers.delete(resolve);
        if (!isOpen || answers.size > 0) return;
        this.#answers.delete(worker);
        onHangUp();
      });
    });
  }

  /** Answers all requests of a worker that wait. */
  answer(worker: number, answer: Assignment | Dismissal): void {
    const answers = this.#answers.get(worker) ?? [];
    this.#answers.delete(worker);
    for (const resolve of answers) resolve(answer);
  }

  forget(worker: number): void {
    this.#answers.delete(worker);
  }
}
