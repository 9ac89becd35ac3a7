import type { JobEvent } from "../../job/events.ts";

/** Within one lease, a worker whose app is stuck in a task that it has lost ends itself, and says why. */
const PATIENCE_LEASES = 2;

/**
 * Finds workers that have lost a task because its lease ended, and have begun no other within two leases. They were
 * stopped, or hang in the exit of the process. One that waits for a task all the time looks the same: another one
 * in its place does no harm.
 */
export class HungWorkers {
  readonly #onHung: (pid: number) => void;
  readonly #pids = new Map<number, number>();
  readonly #timers = new Map<number, NodeJS.Timeout>();
  #leaseMs = 0;

  /** @param onHung receives the process number of a worker that is to be killed */
  constructor(onHung: (pid: number) => void) {
    this.#onHung = onHung;
  }

  /** Must be told of all that happens in the job. */
  onEvent(event: JobEvent): void {
    switch (event.type) {
      case "jobStarted":
        this.#leaseMs = event.leaseMs;
        break;
      case "workerJoined":
        this.#pids.set(event.worker, event.pid);
        break;
      case "attemptStarted":
      case "workerLeft":
        this.#forget(event.worker);
        break;
      case "attemptLost":
        if (event.reason === "leaseEnded") this.#watch(event.worker);
        break;
      case "jobEnded":
        for (const worker of this.#timers.keys()) this.#forget(worker);
        break;
    }
  }

  #watch(worker: number): void {
    const pid = this.#pids.get(worker);
    if (pid === undefined) return;
    this.#forget(worker);
    const timer = setTimeout(() => this.#onHung(pid), PATIENCE_LEASES * this.#leaseMs);
    this.#timers.set(worker, timer.unref());
  }

  #forget(worker: number): void {
    clearTimeout(this.#timers.get(worker));
    this.#timers.delete(worker);
  }
}
