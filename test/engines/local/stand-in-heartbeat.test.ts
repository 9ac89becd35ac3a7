import { beforeEach, describe, expect, it } from "vitest";
import { canTellProcessTime, processTimeMs } from "../../../src/mr/engines/local/process-time.ts";
import { StandInHeartbeat } from "../../../src/mr/engines/local/stand-in-heartbeat.ts";
import type { JobEvent, UntimedEvent } from "../../../src/mr/job/events.ts";

const LEASE_MS = 4000;
const BEAT_MS = 1000;
const ATTEMPT = { worker: 1, phase: "map", task: 7, attempt: 2 } as const;

/** A job of one worker, in which only what is told happens. */
class World {
  nowMs = 0;
  usedMs: number | undefined = 500;
  isAccepted = true;
  isOurs = true;
  isWaiting = false;
  readonly reported: number[] = [];
  readonly killed: string[] = [];
  readonly standIn = new StandInHeartbeat({
    leaseMs: LEASE_MS,
    nowMs: () => this.nowMs,
    isOurs: () => this.isOurs,
    processTimeMs: () => this.usedMs,
    isWaiting: () => this.isWaiting,
    report: (attempt, { cpuMs }) => {
      expect(attempt).toEqual(ATTEMPT);
      this.reported.push(cpuMs);
      // As a coordinator does, it tells of all progress that it accepts.
      const progress = { records: 0, bytes: 0, cpuMs };
      if (this.isAccepted) this.tell({ type: "attemptProgressed", ...ATTEMPT, progress });
      return Promise.resolve(this.isAccepted);
    },
    kill: ({ worker, phase, task }, pid, lateMs) => {
      this.killed.push(`worker ${worker} (${pid}), ${phase} ${task}: ${lateMs}`);
    },
  });

  tell(event: UntimedEvent): void {
    this.standIn.onEvent({ ...event, atMs: this.nowMs } as JobEvent);
  }

  start(): void {
    this.tell({ type: "workerJoined", worker: 1, pid: 4711 });
    this.tell({ type: "attemptStarted", ...ATTEMPT, isBackup: false });
  }

  /** Lets seconds go by, in each of which the worker computes so long. */
  async pass(seconds: number, cpuMs: number): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      this.nowMs += BEAT_MS;
      if (this.usedMs !== undefined) this.usedMs += cpuMs;
      this.standIn.beat();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

describe("the stand-in for a heartbeat", () => {
  let world: World;
  beforeEach(() => {
    world = new World();
    world.start();
  });

  it("F8 reports the processor time of a worker that says nothing", async () => {
    await world.pass(5, 900);
    expect(world.reported).toEqual([1800, 2700, 3600, 4500]);
    expect(world.killed).toEqual([]);
  });

  it("F6 reports that a worker that is stopped has used none, so that it loses its lease", async () => {
    await world.pass(4, 0);
    expect(world.reported).toEqual([0, 0, 0]);
  });

  it("leaves a worker alone that has a heartbeat", async () => {
    for (let second = 0; second < 5; second++) {
      const progress = { records: second, bytes: 0, cpuMs: 0 };
      world.tell({ type: "attemptProgressed", ...ATTEMPT, progress });
      await world.pass(1, 900);
    }
    expect(world.reported).toEqual([]);
  });

  it.each([
    ["has completed its attempt", { type: "attemptCompleted", ...ATTEMPT } as UntimedEvent],
    ["has left", { type: "workerLeft", worker: 1 } as UntimedEvent],
  ])("says nothing of a worker that %s", async (_what, event) => {
    world.tell(event);
    await world.pass(5, 900);
    expect(world.reported).toEqual([]);
  });

  it("says nothing of a worker that waits for a task, or that others have started", async () => {
    world.isWaiting = true;
    await world.pass(5, 900);
    const others = new World();
    others.isOurs = false;
    others.start();
    await others.pass(5, 900);
    expect([...world.reported, ...others.reported]).toEqual([]);
  });

  it("F8 goes on to report for a worker that was given its task late, once that was in the journal", async () => {
    world.isWaiting = true;
    await world.pass(2, 0);
    world.isWaiting = false;
    await world.pass(3, 900);
    expect(world.reported).toEqual([900, 1800, 2700]);
  });

  it("F37 ends a worker that goes on for a lease with what was given up", async () => {
    await world.pass(3, 900);
    world.isAccepted = false;
    await world.pass(4, 900);
    expect(world.killed).toEqual([]);
    await world.pass(3, 900);
    expect(world.killed).toEqual(["worker 1 (4711), map 7: 4000"]);
  });

  it("does not end a worker that has got on meanwhile", async () => {
    await world.pass(3, 900);
    world.isAccepted = false;
    await world.pass(3, 900);
    world.isWaiting = true;
    await world.pass(9, 0);
    expect(world.killed).toEqual([]);
  });
});

describe.skipIf(!canTellProcessTime())("the time of a process (Linux only)", () => {
  it("grows with what it computes, and is that which the process itself sees", () => {
    const before = processTimeMs(process.pid) ?? 0;
    while (process.cpuUsage().user / 1000 < before + 300);
    const { user, system } = process.cpuUsage();
    const after = processTimeMs(process.pid) ?? 0;
    expect(after).toBeGreaterThan(before + 100);
    expect(after).toBeLessThanOrEqual((user + system) / 1000 + 50);
  });

  it("is not known of a process that is not there", () => {
    expect(processTimeMs(2 ** 30)).toBeUndefined();
  });
});
