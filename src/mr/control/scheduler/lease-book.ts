import { type Attempt, type AttemptId, NO_PROGRESS, type Progress } from "../../job/task.ts";

/** The share of a processor below which an attempt counts as asleep: heartbeats take a little themselves. */
const WORKING_CPU_SHARE = 0.05;

/** The right of a worker to run an attempt of a task, as long as the attempt makes progress. */
export interface Lease extends Attempt {
  readonly startedMs: number;
  /** How many completions of map tasks came before: tells which map outputs a reduce attempt was given. */
  readonly mapsSeen: number;
  /** The furthest progress that was reported. */
  progress: Progress;
  /** When it was reported. */
  renewedMs: number;
  endsMs: number;
}

/** The live leases, by worker and in the order in which they end. All operations take constant time. */
export class LeaseBook {
  readonly #leaseMs: number;
  readonly #byWorker = new Map<number, Lease>();
  /** In the order of their ends: all leases are equally long, so a renewed one moves to the back. */
  readonly #byDeadline = new Set<Lease>();
  /** In the order of their starts, in which they reach the task timeout. */
  readonly byStart = new Set<Lease>();
  readonly #taskTimeoutMs: number;

  /**
   * @param leaseMs how long an attempt may go without progress
   * @param taskTimeoutMs how long an attempt may run; Infinity for no limit
   */
  constructor(leaseMs: number, taskTimeoutMs: number) {
    this.#leaseMs = leaseMs;
    this.#taskTimeoutMs = taskTimeoutMs;
  }

  /** When the next attempt ends, by its lease or by the task timeout. */
  get nextEndMs(): number | undefined {
    const [first] = this.#byDeadline;
    const [oldest] = this.byStart;
    if (first === undefined || oldest === undefined) return undefined;
    return Math.min(first.endsMs, oldest.startedMs + this.#taskTimeoutMs);
  }

  heldBy(worker: number): Lease | undefined {
    return this.#byWorker.get(worker);
  }

  [Symbol.iterator](): IterableIterator<Lease> {
    return this.#byDeadline.values();
  }

  open(id: AttemptId, worker: number, mapsSeen: number, nowMs: number): Lease {
    const { phase, task, attempt } = id;
    // A job may open a hundred thousand leases, and a spread takes five times as long.
    const lease: Lease = {
      phase,
      task,
      attempt,
      worker,
      mapsSeen,
      progress: NO_PROGRESS,
      startedMs: nowMs,
      renewedMs: nowMs,
      endsMs: nowMs + this.#leaseMs,
    };
    this.#byWorker.set(worker, lease);
    this.#byDeadline.add(lease);
    this.byStart.add(lease);
    return lease;
  }

  /** Renews a lease if its attempt has made progress since the last time, or says that it is alive without. */
  renew(
    lease: Lease,
    { progress, isAlive = false }: { readonly progress: Progress; readonly isAlive?: boolean },
    nowMs: number,
  ): void {
    const { records, bytes, cpuMs } = lease.progress;
    const workedMs = progress.cpuMs - cpuMs;
    const advanced =
      isAlive ||
      progress.records > records ||
      progress.bytes > bytes ||
      workedMs > WORKING_CPU_SHARE * (nowMs - lease.renewedMs);
    if (!advanced) return;
    lease.progress = progress;
    lease.renewedMs = nowMs;
    lease.endsMs = nowMs + this.#leaseMs;
    this.#byDeadline.delete(lease);
    this.#byDeadline.add(lease);
  }

  close(lease: Lease): void {
    this.#byWorker.delete(lease.worker);
    this.#byDeadline.delete(lease);
    this.byStart.delete(lease);
  }
}

/** The numbers of an attempt, without other members of the object. */
export function attemptOf({ phase, task, attempt, worker }: Attempt): Attempt {
  return { phase, task, attempt, worker };
}
