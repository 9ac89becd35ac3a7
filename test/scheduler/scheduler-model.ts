import type { Scheduler } from "../../src/mr/scheduler/scheduler.ts";
import type { AttemptId, Effect, JobShape, SchedulerEvent } from "../../src/mr/scheduler/types.ts";

/** What the scheduler's effects have promised of a task so far. */
interface TaskModel {
  attempts: number;
  live: { worker: number; attempt: number; movedMs: number } | undefined;
  isGranted: boolean;
  winner: number | undefined;
}

/**
 * Follows a scheduler from outside, by its events and effects alone, and throws as soon as one of them
 * breaks a promise. It is slow and plain on purpose.
 */
export class SchedulerModel {
  readonly #shape: JobShape;
  readonly #tasks = new Map<string, TaskModel>();
  readonly #waiting = new Set<number>();
  #maps: number;
  #hasStarted = false;
  #hasEnded = false;

  constructor(shape: JobShape) {
    this.#shape = shape;
    this.#maps = shape.maps;
    this.#plan();
  }

  /** Number of map tasks, as planned. */
  get maps(): number {
    return this.#maps;
  }

  /** Who works on what, as the effects told it. */
  get live(): Array<AttemptId & { readonly worker: number }> {
    return [...this.#tasks].flatMap(([key, { live }]) => {
      const [phase, task] = key.split(" ");
      if (live === undefined) return [];
      const { worker, attempt } = live;
      return [{ worker, phase: phase === "map" ? "map" : "reduce", task: Number(task), attempt }];
    });
  }

  /** Takes an event and what the scheduler made of it. */
  follow(event: SchedulerEvent, effects: readonly Effect[], scheduler: Scheduler, nowMs: number) {
    if (event.type === "plan" && !this.#hasStarted) {
      this.#maps = event.maps;
      this.#plan();
    }
    if (event.type === "request") this.#waiting.add(event.worker);
    for (const effect of effects) this.#apply(effect, event, nowMs);
    // Who leaves may still be dismissed, by a lease that ended before and the job with it.
    if (event.type === "withdraw" || event.type === "leave") this.#waiting.delete(event.worker);
    const verdicts = effects.filter((effect) => effect.type === "verdict").length;
    check(verdicts === ("attempt" in event ? 1 : 0), "a report is answered once");
    this.#checkState(scheduler, nowMs);
  }

  #plan(): void {
    this.#tasks.clear();
    const sizes = { map: this.#maps, reduce: this.#shape.reduces };
    for (const [phase, size] of Object.entries(sizes)) {
      for (let task = 0; task < size; task++) {
        const model = { attempts: 0, live: undefined, isGranted: false, winner: undefined };
        this.#tasks.set(`${phase} ${task}`, model);
      }
    }
  }

  #taskOf({ phase, task }: AttemptId): TaskModel {
    const model = this.#tasks.get(`${phase} ${task}`);
    check(model !== undefined, `there is no ${phase} task ${task}`);
    return model;
  }

  /** A verdict comes before the effects of its report, and after those of leases that have ended. */
  #checkVerdict(accepted: boolean, event: SchedulerEvent, nowMs: number): void {
    check("attempt" in event, "only a report is answered");
    const model = this.#tasks.get(`${event.phase} ${event.task}`);
    const isLive = model?.live?.attempt === event.attempt;
    const isWinner = model !== undefined && model.winner === event.attempt;
    const mayPublish = isLive && model?.isGranted === true;
    const expected = event.type === "complete" ? mayPublish || isWinner : isLive;
    check(accepted === expected, `the verdict on ${event.type} should be ${expected}`);
    if (!isLive || model?.live === undefined) return;
    if (event.type === "commit") model.isGranted = true;
    if (event.type === "progress") model.live.movedMs = nowMs;
  }

  #apply(effect: Effect, event: SchedulerEvent, nowMs: number): void {
    if (effect.type === "verdict") this.#checkVerdict(effect.accepted, event, nowMs);
    if (effect.type === "assign") {
      const isLeaving = event.type === "withdraw" || event.type === "leave";
      check(!isLeaving || event.worker !== effect.worker, "who leaves is assigned nothing");
      this.#assign(effect, nowMs);
    }
    if (effect.type === "dismiss") {
      const hasJustAsked = event.type === "request" && event.worker === effect.worker;
      check(this.#waiting.delete(effect.worker) || hasJustAsked, "only who waits is dismissed");
    }
    if (effect.type === "lost" || effect.type === "failed" || effect.type === "completed") {
      const model = this.#taskOf(effect);
      check(model.live?.attempt === effect.attempt, "only a live attempt can come to an end");
      check(model.live.worker === effect.worker, "an attempt ends with the worker it began with");
      if (effect.type === "completed") {
        check(model.winner === undefined && model.isGranted, "a task is won once, by its grant");
        model.winner = effect.attempt;
      }
      if (effect.type === "lost" && effect.reason === "leaseEnded") {
        const idleMs = nowMs - model.live.movedMs;
        check(idleMs >= this.#shape.leaseMs, "no lease ends early");
      } else {
        check(event.type !== "tick", "a tick ends leases only");
      }
      model.live = undefined;
      model.isGranted = false;
    }
    if (effect.type === "ended") {
      check(!this.#hasEnded, "a job ends once");
      this.#hasEnded = true;
      if (effect.outcome.state === "completed") {
        for (const [key, { winner }] of this.#tasks)
          check(winner !== undefined, `${key} is missing`);
      }
      for (const model of this.#tasks.values()) model.live = undefined;
    }
  }

  #assign(effect: AttemptId & { readonly worker: number }, nowMs: number): void {
    const model = this.#taskOf(effect);
    check(!this.#hasEnded, "nothing is assigned after the end");
    check(this.#waiting.delete(effect.worker), "only who waits is assigned a task");
    if (model.live?.worker === effect.worker && model.live.attempt === effect.attempt) return;
    check(model.live === undefined && model.winner === undefined, "only an idle task is assigned");
    check(!this.live.some(({ worker }) => worker === effect.worker), "a worker has one task");
    model.attempts += 1;
    this.#hasStarted = true;
    check(effect.attempt === model.attempts, "attempts are numbered in order");
    model.live = { worker: effect.worker, attempt: effect.attempt, movedMs: nowMs };
    if (effect.phase === "map") return;
    for (let map = 0; map < this.#maps; map++) {
      check(this.#tasks.get(`map ${map}`)?.winner !== undefined, "reduces start after all maps");
    }
  }

  #checkState(scheduler: Scheduler, nowMs: number): void {
    const { counts, nextDeadlineMs, outcome, running } = scheduler;
    check((outcome !== undefined) === this.#hasEnded, "an outcome is there from the end on");
    check(nextDeadlineMs === undefined || nextDeadlineMs > nowMs, "no deadline is in the past");
    const ends = [...this.#tasks.values()].flatMap(({ live }) => live?.movedMs ?? []);
    const firstEndMs = ends.length === 0 ? undefined : Math.min(...ends) + this.#shape.leaseMs;
    check(nextDeadlineMs === firstEndMs, "the deadline is that of the first lease to end");
    const byTask = (list: readonly AttemptId[]) => {
      return list
        .map((id) => `${id.phase} ${id.task} ${id.attempt}`)
        .sort()
        .join();
    };
    check(byTask(running) === byTask(this.live), "what runs is what was assigned");
    for (const phase of ["map", "reduce"] as const) {
      const mine = [...this.#tasks].flatMap(([key, task]) => (key.startsWith(phase) ? task : []));
      const live = mine.filter((task) => task.live !== undefined).length;
      const won = mine.filter((task) => task.winner !== undefined).length;
      const { idle, inProgress, completed } = counts[phase];
      check(inProgress === live && completed === won, `the ${phase} counts are right`);
      check(idle === mine.length - live - won, `no ${phase} task is lost`);
      const isOpen = phase === scheduler.phase && !this.#hasEnded;
      check(!isOpen || idle === 0 || this.#waiting.size === 0, "nobody waits while a task does");
    }
    check(!this.#hasEnded || this.#waiting.size === 0, "nobody waits after the end");
  }
}

function check(condition: boolean, promise: string): asserts condition {
  if (!condition) throw new Error(`A promise is broken: ${promise}`);
}
