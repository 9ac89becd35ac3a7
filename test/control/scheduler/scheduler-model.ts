import type { Scheduler } from "../../../src/mr/control/scheduler/scheduler.ts";
import type { Effect, JobShape, SchedulerEvent } from "../../../src/mr/control/scheduler/types.ts";
import type { AttemptId } from "../../../src/mr/job/task.ts";

/** What the scheduler's effects have promised of a task so far. */
interface TaskModel {
  attempts: number;
  backups: number;
  live: Live[];
  granted: number | undefined;
  winner: number | undefined;
  /** When, in steps, the winner was told that it had won. */
  wonAt: number;
}

interface Live {
  readonly worker: number;
  readonly attempt: number;
  readonly startedMs: number;
  /** When, in steps, it was assigned. */
  readonly startedAt: number;
  movedMs: number;
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
  #isChecking = false;
  #steps = 0;
  #reporterStartedAt = 0;

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
      return live.map(({ worker, attempt }) => {
        return { worker, phase: phase === "map" ? "map" : "reduce", task: Number(task), attempt };
      });
    });
  }

  /** Takes an event and what the scheduler made of it. */
  follow(event: SchedulerEvent, effects: readonly Effect[], scheduler: Scheduler, nowMs: number) {
    this.#steps += 1;
    if (event.type === "plan" && !this.#hasStarted) {
      this.#maps = event.maps;
      this.#plan();
    }
    if (event.type === "request") this.#waiting.add(event.worker);
    if (event.type === "fail") {
      const live = this.#tasks.get(`${event.phase} ${event.task}`)?.live;
      const reporter = live?.find(({ attempt }) => attempt === event.attempt);
      this.#reporterStartedAt = reporter?.startedAt ?? 0;
    }
    const wasChecking = this.#isChecking;
    if (event.type === "checked") this.#isChecking = false;
    for (const effect of effects) this.#apply(effect, event, nowMs);
    if (event.type === "checked" && wasChecking) {
      const isOver = effects.some(({ type }) => type === "ended");
      check(isOver || event.lost.length > 0, "a job whose results are there is complete");
    }
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
        const model = { attempts: 0, backups: 0, live: [], wonAt: 0 };
        this.#tasks.set(`${phase} ${task}`, { ...model, granted: undefined, winner: undefined });
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
    const live = model?.live.find(({ attempt }) => attempt === event.attempt);
    const isWinner = model !== undefined && model.winner === event.attempt;
    const mayPublish = live !== undefined && model?.granted === event.attempt;
    const expected = event.type === "complete" ? mayPublish || isWinner : live !== undefined;
    check(accepted === expected, `the verdict on ${event.type} should be ${expected}`);
    if (live === undefined || model === undefined) return;
    if (event.type === "progress") live.movedMs = nowMs;
    if (event.type !== "commit") return;
    check([undefined, event.attempt].includes(model.granted), "one attempt is granted the commit");
    model.granted = event.attempt;
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
    if (effect.type === "reopened") this.#reopen(effect, event);
    if (effect.type === "checkResults") {
      check(!this.#isChecking && !this.#hasEnded, "results are checked once at a time");
      const winners = this.#of("reduce").filter(({ winner }) => winner !== undefined);
      check(winners.length === this.#shape.reduces, "results are checked when all are there");
      this.#isChecking = true;
    }
    if (ENDS_ATTEMPT.has(effect.type)) this.#endAttempt(effect, event, nowMs);
    if (effect.type === "ended") {
      check(!this.#hasEnded, "a job ends once");
      this.#hasEnded = true;
      if (effect.outcome.state === "completed") {
        const isChecked = this.#shape.checksResults !== true || event.type === "checked";
        check(isChecked, "a job is complete when its results were checked");
        // A map output may have been lost again when the last reduce task no longer needed it.
        for (const [key, { winner }] of this.#tasks)
          check(winner !== undefined || key.startsWith("map"), `${key} is missing`);
      }
      for (const model of this.#tasks.values()) model.live = [];
    }
  }

  #endAttempt(effect: Effect, event: SchedulerEvent, nowMs: number): void {
    if (!("attempt" in effect && "worker" in effect)) return;
    const model = this.#taskOf(effect);
    const live = model.live.find(({ attempt }) => attempt === effect.attempt);
    check(live !== undefined, "only a live attempt can come to an end");
    check(live.worker === effect.worker, "an attempt ends with the worker it began with");
    if (effect.type === "completed") {
      check(model.winner === undefined && model.granted === effect.attempt, "a grant wins a task");
      check(model.live.length === 1, "a winner has no living rival");
      model.winner = effect.attempt;
      model.wonAt = this.#steps;
    }
    if (effect.type === "superseded") {
      check(![undefined, effect.attempt].includes(model.granted), "only a grant supersedes");
    }
    const isReported = "attempt" in event && sameAttempt(event, effect);
    if (effect.type === "lost" && effect.reason === "leaseEnded") {
      check(nowMs - live.movedMs >= this.#shape.leaseMs, "no lease ends early");
    } else if (effect.type === "failed" && !(event.type === "fail" && isReported)) {
      check(nowMs - live.startedMs >= this.#shape.taskTimeoutMs, "no attempt times out early");
    } else {
      check(event.type !== "tick", "a tick ends what is overdue only");
    }
    model.live.splice(model.live.indexOf(live), 1);
    if (model.granted === effect.attempt) model.granted = undefined;
  }

  /** A map task is run again on the word of a reduce attempt that was given just that output. */
  #reopen(effect: AttemptId, event: SchedulerEvent): void {
    if (effect.phase === "reduce") {
      this.#reopenReduce(effect, event);
      return;
    }
    check(
      event.type === "fail" && event.phase === "reduce",
      "only a reduce attempt reports damage",
    );
    check(event.damagedMaps?.includes(effect.task) === true, "only what is damaged runs again");
    const model = this.#taskOf(effect);
    check(effect.phase === "map" && model.winner === effect.attempt, "a winner's output is lost");
    check(model.wonAt <= this.#reporterStartedAt, "damage of an older output is no news");
    model.winner = undefined;
  }

  #reopenReduce(effect: AttemptId, event: SchedulerEvent): void {
    const model = this.#taskOf(effect);
    const isLost = event.type === "checked" && event.lost.includes(effect.task);
    check(isLost && model.winner === effect.attempt, "only a lost result is made again");
    model.winner = undefined;
  }

  #assign(effect: AttemptId & { readonly worker: number }, nowMs: number): void {
    const model = this.#taskOf(effect);
    check(!this.#hasEnded, "nothing is assigned after the end");
    check(this.#waiting.delete(effect.worker), "only who waits is assigned a task");
    if (model.live.some((one) => one.worker === effect.worker && one.attempt === effect.attempt)) {
      return;
    }
    check(!this.live.some(({ worker }) => worker === effect.worker), "a worker has one task");
    check(model.winner === undefined, "a completed task is not assigned");
    if (model.live.length > 0) this.#checkBackup(model, effect, nowMs);
    model.attempts += 1;
    this.#hasStarted = true;
    check(effect.attempt === model.attempts, "attempts are numbered in order");
    const { worker, attempt } = effect;
    const startedAt = this.#steps;
    model.live.push({ worker, attempt, startedMs: nowMs, startedAt, movedMs: nowMs });
    check(effect.phase === "map" || this.#mapsAreDone, "reduces start while all maps are done");
  }

  #checkBackup(model: TaskModel, { phase }: AttemptId, nowMs: number): void {
    const [original] = model.live;
    model.backups += 1;
    check(model.live.length === 1 && original !== undefined, "a task has at most two attempts");
    check(model.backups <= this.#shape.maxBackups, "a task has at most one backup");
    check(model.granted === undefined, "an attempt that publishes gets no backup");
    check(nowMs - original.startedMs >= this.#shape.leaseMs, "no backup begins early");
    const idle = this.#of(phase).filter((task) => task.live.length === 0 && !task.winner);
    check(idle.length === 0, "backups begin when nothing else is left");
  }

  get #mapsAreDone(): boolean {
    return this.#of("map").every(({ winner }) => winner !== undefined);
  }

  #of(phase: string): TaskModel[] {
    return [...this.#tasks].flatMap(([key, task]) => (key.startsWith(phase) ? task : []));
  }

  #startOf(id: AttemptId): number {
    const live = this.#taskOf(id).live.find(({ attempt }) => attempt === id.attempt);
    return live?.startedMs ?? Infinity;
  }

  /** When the attempt that has run alone for longest may get a backup, if somebody waits for work. */
  get #backupDueMs(): number {
    if (this.#waiting.size === 0) return Infinity;
    const alone = this.#of(this.#mapsAreDone ? "reduce" : "map").flatMap((task) => {
      const mayHave = task.granted === undefined && task.backups < this.#shape.maxBackups;
      const [only] = task.live;
      return task.live.length === 1 && mayHave && only !== undefined ? only.startedMs : [];
    });
    return Math.min(...alone) + this.#shape.leaseMs;
  }

  #checkState(scheduler: Scheduler, nowMs: number): void {
    const { counts, nextDeadlineMs, outcome, running } = scheduler;
    check((outcome !== undefined) === this.#hasEnded, "an outcome is there from the end on");
    check(nextDeadlineMs === undefined || nextDeadlineMs > nowMs, "no deadline is in the past");
    const moves = [...this.#tasks.values()].flatMap(({ live }) => live.map((one) => one.movedMs));
    const starts = this.live.map((id) => this.#startOf(id));
    const firstMs = Math.min(
      Math.min(...moves) + this.#shape.leaseMs,
      Math.min(...starts) + this.#shape.taskTimeoutMs,
      this.#backupDueMs,
    );
    check((nextDeadlineMs ?? Infinity) === firstMs, "the deadline is the next thing that is due");
    const byTask = (list: readonly AttemptId[]) => {
      return list
        .map((id) => `${id.phase} ${id.task} ${id.attempt}`)
        .sort()
        .join();
    };
    check(byTask(running) === byTask(this.live), "what runs is what was assigned");
    for (const phase of ["map", "reduce"] as const) {
      const mine = this.#of(phase);
      const live = mine.filter((task) => task.live.length > 0).length;
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

const ENDS_ATTEMPT = new Set(["lost", "failed", "blocked", "superseded", "completed"]);

function sameAttempt(one: AttemptId, other: AttemptId): boolean {
  return one.phase === other.phase && one.task === other.task && one.attempt === other.attempt;
}

function check(condition: boolean, promise: string): asserts condition {
  if (!condition) throw new Error(`A promise is broken: ${promise}`);
}
