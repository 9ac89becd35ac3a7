import type { Scheduler } from "../../src/mr/control/scheduler/scheduler.ts";
import type { Effect, JobShape, SchedulerEvent } from "../../src/mr/control/scheduler/types.ts";
import type { Attempt, AttemptId, CompletedTask } from "../../src/mr/job/task.ts";
import type { Disk } from "./disk.ts";

/**
 * Follows what the scheduler of one coordinator decides, and says when a decision breaks a promise.
 */
export class Ledger {
  readonly #disk: Disk;
  readonly #shape: JobShape;
  /** The attempt that completed each task, by task. */
  readonly #done: Map<string, number>;
  /** The last attempt of each task, by task. */
  readonly #last: Map<string, number>;
  /** The attempt that was last granted the commit, by task. */
  readonly #granted = new Map<string, number>();
  /** The live attempts after the last step. */
  #live: readonly Attempt[] = [];
  /** What was completed when each reduce attempt was handed out, by attempt. */
  readonly #inputs = new Map<string, ReadonlyMap<string, number>>();
  /** The workers that wait for a task. */
  readonly #waiting = new Set<number>();
  /** When each attempt was handed out, by attempt. */
  readonly #startedMs = new Map<string, number>();
  /** The last progress of each attempt, and its time. */
  readonly #renewed = new Map<string, { readonly records: number; readonly atMs: number }>();
  readonly #fail: (error: Error) => void;
  /** Attempts that were given up because no sign of life came in time. */
  leasesEnded = 0;

  /** @param completed the tasks that earlier coordinators have seen completed */
  constructor(
    disk: Disk,
    shape: JobShape,
    completed: readonly CompletedTask[],
    fail: (error: Error) => void,
  ) {
    this.#disk = disk;
    this.#shape = shape;
    this.#fail = fail;
    this.#done = new Map(completed.map((task) => [taskOf(task), task.attempt]));
    this.#last = new Map(this.#done);
  }

  watch(scheduler: Scheduler): Scheduler {
    const step = scheduler.step.bind(scheduler);
    scheduler.step = (event, nowMs) => {
      const effects = step(event, nowMs);
      if (event.type === "request") this.#waiting.add(event.worker);
      if (event.type === "leave" || event.type === "withdraw") this.#waiting.delete(event.worker);
      for (const effect of effects) this.#follow(effect, event, scheduler, nowMs);
      this.#live = scheduler.running;
      for (const id of this.#live) {
        const hasLeft = event.type === "leave" && event.worker === id.worker;
        this.#expect(!hasLeft, "a worker that is gone has no task", id);
        this.#expect(scheduler.outcome === undefined, "no attempt outlives the job", id);
        this.#expect(!this.#isOverdue(id, nowMs), "no attempt outlives the task timeout", id);
        this.#expect(this.#leaseEndMs(id, nowMs) > nowMs, "no attempt outlives its lease", id);
      }
      return effects;
    };
    return scheduler;
  }

  #follow(effect: Effect, event: SchedulerEvent, scheduler: Scheduler, nowMs: number): void {
    switch (effect.type) {
      case "assign":
        this.#assign(effect, scheduler, nowMs);
        break;
      case "verdict":
        if (effect.accepted) this.#accept(event, scheduler, nowMs);
        else if (event.type === "complete") {
          const isWinner = this.#done.get(taskOf(event)) === event.attempt;
          this.#expect(!isWinner, "a winner may report again", event);
        }
        break;
      case "failed":
        this.#failAttempt(effect, event, nowMs);
        break;
      case "completed":
        this.#complete(effect, event, scheduler);
        break;
      case "lost":
        if (effect.reason !== "leaseEnded") break;
        this.leasesEnded += 1;
        this.#expect(this.#leaseEndMs(effect, nowMs) <= nowMs, "an attempt has its lease", effect);
        break;
      case "reopened":
        this.#reopen(effect, event);
        break;
    }
  }

  #accept(event: SchedulerEvent, scheduler: Scheduler, nowMs: number): void {
    if (event.type !== "progress" && event.type !== "commit" && event.type !== "fail") return;
    const isLive = this.#live.some((id) => isSame(id, event));
    this.#expect(isLive, "the report of a lost attempt does not count", event);
    if (event.type === "commit") this.#grant(event, scheduler);
    if (event.type === "progress") this.#renew(event, nowMs);
  }

  #isOverdue(id: AttemptId, nowMs: number): boolean {
    const startedMs = this.#startedMs.get(`${taskOf(id)} ${id.attempt}`) ?? nowMs;
    return startedMs + this.#shape.taskTimeoutMs <= nowMs;
  }

  #leaseEndMs(id: AttemptId, nowMs: number): number {
    const key = `${taskOf(id)} ${id.attempt}`;
    const sinceMs = this.#renewed.get(key)?.atMs ?? this.#startedMs.get(key) ?? nowMs;
    return sinceMs + this.#shape.leaseMs;
  }

  #renew(event: Extract<SchedulerEvent, { type: "progress" }>, nowMs: number): void {
    const key = `${taskOf(event)} ${event.attempt}`;
    const { records } = event.progress;
    const before = this.#renewed.get(key)?.records ?? 0;
    if (records > before) this.#renewed.set(key, { records, atMs: nowMs });
  }

  #failAttempt(id: AttemptId, event: SchedulerEvent, nowMs: number): void {
    const isReported = event.type === "fail" && isSame(event, id);
    if (isReported) {
      const isInputDamaged = (event.damagedMaps ?? []).length > 0;
      this.#expect(!isInputDamaged, "damaged input is no failure of its reader", id);
    } else this.#expect(this.#isOverdue(id, nowMs), "an attempt has its time", id);
  }

  #assign(id: Attempt, scheduler: Scheduler, nowMs: number): void {
    const key = `${taskOf(id)} ${id.attempt}`;
    const rivals = scheduler.running.filter((other) => taskOf(other) === taskOf(id));
    const mine = scheduler.running.filter(({ worker }) => worker === id.worker);
    this.#expect(mine.length === 1, "a worker has one task", id);
    if (this.#startedMs.has(key)) return;
    this.#startedMs.set(key, nowMs);
    this.#expect(!this.#done.has(taskOf(id)), "a completed task is not run again", id);
    this.#expect(this.#waiting.delete(id.worker), "a worker gets a task when it asks", id);
    const isNew = id.attempt > (this.#last.get(taskOf(id)) ?? 0);
    this.#expect(isNew, "the number of an attempt is not used again", id);
    this.#last.set(taskOf(id), id.attempt);
    const granted = this.#granted.get(taskOf(id));
    const isGranted = rivals.some(({ attempt }) => attempt === granted);
    this.#expect(!isGranted, "a task that is being published gets no backup", id);
    this.#expect(rivals.length <= 1 + this.#shape.maxBackups, "a task has one backup", id);
    for (const { attempt } of rivals) {
      const startedMs = this.#startedMs.get(`${taskOf(id)} ${attempt}`) ?? nowMs;
      const isOld = attempt === id.attempt || startedMs + this.#shape.leaseMs <= nowMs;
      this.#expect(isOld, "a backup never begins before the lease time", id);
    }
    if (id.phase === "map") return;
    this.#inputs.set(key, new Map(this.#done));
    for (let map = 0; map < this.#shape.maps; map++) {
      this.#expect(this.#done.has(`map ${map}`), "a reduce task has all its input", id);
    }
  }

  #grant(id: AttemptId, scheduler: Scheduler): void {
    const live = scheduler.running.filter((other) => taskOf(other) === taskOf(id));
    // The other one has ended, so that it can't be granted the commit as well.
    const isAlone = live.length === 1 && live[0]?.attempt === id.attempt;
    this.#expect(isAlone, "one attempt of a task may publish", id);
    this.#granted.set(taskOf(id), id.attempt);
  }

  #complete(id: AttemptId, event: SchedulerEvent, scheduler: Scheduler): void {
    this.#expect(!this.#done.has(taskOf(id)), "a task has one winner", id);
    this.#done.set(taskOf(id), id.attempt);
    this.#expect(this.#granted.get(taskOf(id)) === id.attempt, "a winner was granted it", id);
    this.#expect(event.type === "complete", "a task is completed by its report", id);
    for (const output of scheduler.resultOf(id.phase, id.task)?.outputs ?? []) {
      const isThere = this.#disk.holds(output) || this.#disk.isSpoilt(output.name);
      this.#expect(isThere, `a completed task has its output ${output.name}`, id);
    }
  }

  #reopen(id: AttemptId, event: SchedulerEvent): void {
    this.#expect(this.#done.delete(taskOf(id)), "only a completed task is reopened", id);
    if (event.type !== "fail") return;
    const given = this.#inputs.get(`${taskOf(event)} ${event.attempt}`)?.get(taskOf(id));
    this.#expect(given === id.attempt, "only what a reader was given is reopened", id);
  }

  #expect(condition: boolean, promise: string, { phase, task, attempt }: AttemptId): void {
    if (condition) return;
    const attemptOf = `${phase} ${task}, ${attempt}`;
    this.#fail(new Error(`A promise is broken: ${promise} (${attemptOf})`));
  }
}

function isSame(one: AttemptId, other: AttemptId): boolean {
  return taskOf(one) === taskOf(other) && one.attempt === other.attempt;
}

function taskOf({ phase, task }: AttemptId): string {
  return `${phase} ${task}`;
}
