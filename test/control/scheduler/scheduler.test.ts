import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Scheduler } from "../../../src/mr/control/scheduler/scheduler.ts";
import type { Effect, JobShape, SchedulerEvent } from "../../../src/mr/control/scheduler/types.ts";
import type { AttemptId } from "../../../src/mr/job/task.ts";
import { SchedulerModel } from "./scheduler-model.ts";

/*
 * When a property fails, fast-check prints its seed and path: `fc.assert(property, { seed, path })`
 * replays exactly that case.
 */

const WORKERS = 4;
const FAILURE = { code: "APP_THREW", message: "it failed" } as const;
const LIMITS = {
  leaseMs: 100,
  maxFailures: 4,
  maxLosses: 20,
  maxBackups: 1,
  taskTimeoutMs: Infinity,
};
const NOTHING = { outputs: [], counters: {} };

const shapes = fc.record<JobShape>({
  maps: fc.integer({ min: 1, max: 4 }),
  reduces: fc.integer({ min: 1, max: 3 }),
  leaseMs: fc.constant(100),
  maxFailures: fc.integer({ min: 1, max: 4 }),
  maxLosses: fc.integer({ min: 1, max: 6 }),
  maxBackups: fc.integer({ min: 0, max: 1 }),
  taskTimeoutMs: fc.oneof(fc.constant(Infinity), fc.integer({ min: 20, max: 400 })),
  checksResults: fc.boolean(),
});

/** One thing that happens: what it is, who does it, and how long after the thing before. */
interface Move {
  readonly type: SchedulerEvent["type"];
  readonly worker: number;
  /** Which of the live attempts a report is about; beyond them, one that does not exist. */
  readonly pick: number;
  readonly attemptOffset: number;
  /** Map tasks whose output a failure is put down to, or reduce tasks whose results are lost. */
  readonly damagedMaps: readonly number[];
  readonly afterMs: number;
}

const types: fc.Arbitrary<SchedulerEvent["type"]> = fc.oneof(
  { weight: 8, arbitrary: fc.constant("request") },
  { weight: 5, arbitrary: fc.constant("commit") },
  { weight: 5, arbitrary: fc.constant("complete") },
  { weight: 3, arbitrary: fc.constant("progress") },
  { weight: 2, arbitrary: fc.constant("fail") },
  { weight: 2, arbitrary: fc.constant("tick") },
  { weight: 1, arbitrary: fc.constant("leave") },
  { weight: 1, arbitrary: fc.constant("plan") },
  { weight: 1, arbitrary: fc.constant("withdraw") },
  { weight: 1, arbitrary: fc.constant("checked") },
);

const moves: fc.Arbitrary<Move> = fc.record({
  type: fc.oneof(
    { weight: 100, arbitrary: types },
    { weight: 1, arbitrary: fc.constant("cancel") },
  ),
  worker: fc.integer({ min: 1, max: WORKERS }),
  pick: fc.nat(WORKERS),
  attemptOffset: fc.oneof(
    { weight: 9, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.constantFrom(-1, 1) },
  ),
  damagedMaps: fc.array(fc.nat(4), { maxLength: 2 }),
  afterMs: fc.oneof({ weight: 9, arbitrary: fc.nat(20) }, { weight: 1, arbitrary: fc.nat(150) }),
});

/** A scheduler, its model, and a clock. */
class Run {
  readonly scheduler: Scheduler;
  readonly model: SchedulerModel;
  #nowMs = 1_000_000;
  /** Grows with every progress, so that each one is an advance. */
  #records = 0;

  constructor(shape: JobShape) {
    this.scheduler = new Scheduler(shape);
    this.model = new SchedulerModel(shape);
  }

  step(event: SchedulerEvent, afterMs = 0): Effect[] {
    this.#nowMs += afterMs;
    const effects = this.scheduler.step(event, this.#nowMs);
    this.model.follow(event, effects, this.scheduler, this.#nowMs);
    return effects;
  }

  play(move: Move): void {
    this.step(this.#eventOf(move), move.afterMs);
  }

  #eventOf({ type, worker, pick, attemptOffset, damagedMaps }: Move): SchedulerEvent {
    const live = this.model.live[pick] ?? { phase: "map", task: pick, attempt: 1 };
    const attempt = live.attempt + attemptOffset;
    const id: AttemptId = { phase: live.phase, task: live.task, attempt };
    switch (type) {
      case "request":
      case "withdraw":
      case "leave":
        return { type, worker };
      case "progress":
        this.#records += 1;
        return { type, ...id, progress: { records: this.#records, bytes: 0, cpuMs: 0 } };
      case "commit":
        return { type, ...id };
      case "complete":
        return { type, ...id, result: NOTHING };
      case "fail":
        return { type, ...id, failure: FAILURE, damagedMaps };
      case "tick":
        return { type };
      case "checked":
        return { type, lost: damagedMaps };
      case "resume":
        return { type, completed: [] };
      case "plan":
        return { type, maps: pick + 1 };
      case "cancel":
        return { type, reason: { type: "requested", message: "enough" } };
    }
  }
}

describe("the scheduler, whatever happens in whatever order", () => {
  it("keeps every promise: one winner per task, none lost, reduces after maps, one end", () => {
    fc.assert(
      fc.property(shapes, fc.array(moves, { maxLength: 120 }), (shape, history) => {
        const run = new Run(shape);
        for (const move of history) run.play(move);
      }),
      { numRuns: 1000 },
    );
  });

  it("decides the same when the same happens again", () => {
    fc.assert(
      fc.property(shapes, fc.array(moves, { maxLength: 60 }), (shape, history) => {
        const [first, second] = [new Run(shape), new Run(shape)];
        for (const move of history) {
          first.play(move);
          second.play(move);
          expect(second.model.live).toEqual(first.model.live);
        }
      }),
      { numRuns: 50 },
    );
  });

  it("ends every job whose workers keep working, and completes it unless a limit was reached", () => {
    fc.assert(
      fc.property(shapes, fc.array(moves, { maxLength: 80 }), (shape, history) => {
        const run = new Run(shape);
        for (const move of history) run.play(move);
        // From here on one new worker does everything right, and the others say nothing any more.
        for (let worker = 1; worker <= WORKERS; worker++) run.step({ type: "leave", worker });
        const worker = WORKERS + 1;
        run.step({ type: "checked", lost: [] });
        for (let turn = 0; run.scheduler.outcome === undefined; turn++) {
          expect(turn, "turns of a worker until the end").toBeLessThan(20);
          const assign = run.step({ type: "request", worker }).find((e) => e.type === "assign");
          if (assign === undefined) throw new Error("The only worker was given nothing to do");
          const { phase, task, attempt } = assign;
          run.step({ type: "commit", phase, task, attempt }, 5);
          run.step({ type: "complete", phase, task, attempt, result: NOTHING }, 5);
          run.step({ type: "checked", lost: [] });
        }
        const { outcome, counts } = run.scheduler;
        if (outcome.state !== "completed") return;
        expect(counts.reduce.completed).toBe(shape.reduces);
      }),
      { numRuns: 300 },
    );
  });

  it("ends a job whose every attempt is lost, after a bounded number of them", () => {
    fc.assert(
      fc.property(shapes, fc.array(fc.boolean()), (shape, deaths) => {
        const run = new Run(shape);
        let losses = 0;
        for (let turn = 0; run.scheduler.outcome === undefined; turn++) {
          run.step({ type: "request", worker: turn + 1 });
          const isDeath = deaths[turn % (deaths.length + 1)] === true;
          const event = isDeath
            ? { type: "leave" as const, worker: turn + 1 }
            : { type: "tick" as const };
          const effects = run.step(event, isDeath ? 1 : shape.leaseMs);
          losses += effects.filter((effect) => effect.type === "lost").length;
          expect(losses).toBeLessThanOrEqual(shape.maxLosses * shape.maps);
        }
        expect(run.scheduler.outcome.state).toBe("failed");
      }),
    );
  });
});

describe("the scheduler", () => {
  it("remembers what a completed task has published, and nothing of any other", () => {
    const shape = { maps: 1, reduces: 1, ...LIMITS };
    const scheduler = new Scheduler(shape);
    const id = { phase: "map", task: 0, attempt: 1 } as const;
    const result = { outputs: [{ name: "mr-0-0", bytes: 12, crc32: 7 }], counters: { lines: 3 } };
    scheduler.step({ type: "request", worker: 1 }, 0);
    scheduler.step({ type: "complete", ...id, result }, 1);
    expect(scheduler.resultOf("map", 0)).toBeUndefined();
    scheduler.step({ type: "commit", ...id }, 2);
    scheduler.step({ type: "complete", ...id, result }, 3);
    // Said again with other words, it is the first report that counts.
    scheduler.step({ type: "complete", ...id, result: NOTHING }, 4);
    expect(scheduler.resultOf("map", 0)).toEqual(result);
    expect(scheduler.results).toEqual([result]);
    expect(scheduler.resultOf("map", 1)).toBeUndefined();
    expect(scheduler.resultOf("reduce", 0)).toBeUndefined();
  });

  it("decides a hundred thousand tasks without slowing down as they pile up", () => {
    const tasks = 50_000;
    const shape = { maps: tasks, reduces: tasks, ...LIMITS };
    const scheduler = new Scheduler(shape);
    let assigned = 0;
    for (let nowMs = 0; scheduler.outcome === undefined; nowMs++) {
      const effects = scheduler.step({ type: "request", worker: 1 }, nowMs);
      for (const effect of effects) {
        if (effect.type !== "assign") continue;
        const { phase, task, attempt } = effect;
        assigned += 1;
        scheduler.step({ type: "commit", phase, task, attempt }, nowMs);
        scheduler.step({ type: "complete", phase, task, attempt, result: NOTHING }, nowMs);
      }
    }
    expect(assigned).toBe(2 * tasks);
    expect(scheduler.outcome).toEqual({ state: "completed" });
  });
});
