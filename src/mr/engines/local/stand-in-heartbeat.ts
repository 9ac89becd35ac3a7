import type { JobEvent } from "../../job/events.ts";
import { beatMs } from "../../job/limits.ts";
import type { AttemptId, Progress } from "../../job/task.ts";

/** What a stand-in has to know and to do; all of it about workers that this process has started. */
export interface StandInOptions {
  readonly leaseMs: number;
  /** A monotonic clock, in milliseconds. */
  readonly nowMs: () => number;
  /** Whether this process has started that one, and it has not ended. */
  readonly isOurs: (pid: number) => boolean;
  /** How much processor time a process has used in all. */
  readonly processTimeMs: (pid: number) => number | undefined;
  /** Whether the worker waits for a task, and so is busy with none. */
  readonly isWaiting: (worker: number) => boolean;
  /** Reports progress; false when the attempt has been given up. */
  readonly report: (attempt: WorkersAttempt, progress: Progress) => Promise<boolean>;
  /** Ends the process of a worker that is still busy with an attempt, so long after it was given up. */
  readonly kill: (attempt: WorkersAttempt, pid: number, lateMs: number) => void;
}

type WorkersAttempt = AttemptId & { readonly worker: number };

/** An attempt that a worker is probably at. */
interface Watched extends WorkersAttempt {
  readonly pid: number;
  readonly startedMs: number;
  /** How much processor time the worker had used before. */
  readonly usedMs: number;
  /** When its worker last said something of it. */
  heardMs: number;
  /** When it was found out that it had been given up. */
  refusedMs: number | undefined;
}

/**
 * The heartbeat of workers that have none of their own yet. To start a thread takes a worker longer than all
 * else in a short job, so that it does so only when an attempt has lasted for a while: at a moment between two
 * pieces of work, which may be long in coming. Meanwhile the process that has started the worker looks
 * how much processor time it uses, and reports that. As a worker's own heartbeat does, it ends one that
 * goes on with what the coordinator has given up.
 */
export class StandInHeartbeat {
  readonly #options: StandInOptions;
  readonly #beatMs: number;
  readonly #pids = new Map<number, number>();
  readonly #attempts = new Map<number, Watched>();
  #timer: NodeJS.Timeout | undefined;
  /** The report being made is its own, and no sign of life. */
  #isReporting = false;

  constructor(options: StandInOptions) {
    this.#options = options;
    this.#beatMs = beatMs(options.leaseMs);
  }

  /** Begins to watch, until {@link stop}. */
  start(): void {
    this.#timer = setInterval(() => this.beat(), this.#beatMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Must be told of all that happens in the job. */
  onEvent(event: JobEvent): void {
    switch (event.type) {
      case "workerJoined":
        this.#pids.set(event.worker, event.pid);
        break;
      case "workerLeft":
        this.#pids.delete(event.worker);
        this.#attempts.delete(event.worker);
        break;
      case "attemptStarted":
        this.#watch(event);
        break;
      case "attemptCompleted":
        this.#attempts.delete(event.worker);
        break;
      case "attemptProgressed": {
        const watched = this.#attempts.get(event.worker);
        if (watched !== undefined && !this.#isReporting) watched.heardMs = this.#options.nowMs();
        break;
      }
      default:
        // Whatever else has become of an attempt, its worker may not know it.
        break;
    }
  }

  /** Reports what there is to report. */
  beat(): void {
    const nowMs = this.#options.nowMs();
    for (const watched of this.#attempts.values()) {
      if (!this.#options.isOurs(watched.pid)) {
        this.#attempts.delete(watched.worker);
        continue;
      }
      // It has come to the end of this attempt, or it has not been told of it yet: that waits for the journal.
      if (this.#options.isWaiting(watched.worker)) continue;
      // A worker that has a heartbeat is left alone.
      if (nowMs - watched.heardMs < 2 * this.#beatMs) continue;
      const usedMs = this.#options.processTimeMs(watched.pid);
      if (usedMs !== undefined) void this.#report(watched, usedMs - watched.usedMs);
    }
  }

  #watch({ worker, phase, task, attempt }: WorkersAttempt): void {
    const pid = this.#pids.get(worker);
    if (pid === undefined || !this.#options.isOurs(pid)) return;
    const usedMs = this.#options.processTimeMs(pid);
    if (usedMs === undefined) return;
    const startedMs = this.#options.nowMs();
    const id = { worker, phase, task, attempt };
    const watched = { ...id, pid, usedMs, startedMs, heardMs: startedMs, refusedMs: undefined };
    this.#attempts.set(worker, watched);
  }

  async #report(watched: Watched, cpuMs: number): Promise<void> {
    const { worker, phase, task, attempt, pid } = watched;
    this.#isReporting = true;
    const reported = this.#options.report(
      { worker, phase, task, attempt },
      { records: 0, bytes: 0, cpuMs },
    );
    this.#isReporting = false;
    if (await reported) return;
    const nowMs = this.#options.nowMs();
    watched.refusedMs ??= nowMs;
    const isStuck = nowMs - watched.refusedMs >= this.#options.leaseMs;
    // It may have got on meanwhile.
    if (!isStuck || this.#attempts.get(worker) !== watched) return;
    if (this.#options.isWaiting(worker) || !this.#options.isOurs(pid)) return;
    this.#attempts.delete(worker);
    this.#options.kill({ worker, phase, task, attempt }, pid, nowMs - watched.refusedMs);
  }
}
