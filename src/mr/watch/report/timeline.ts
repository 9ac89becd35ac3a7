import type { JobHistory } from "../history/job-history.ts";
import type { AttemptView, WorkerView } from "../history/job-view.ts";

/** A pause between two sessions is drawn with this share of the total width, whatever its length. */
const PAUSE = 0.02;
/** Up to this number, each worker has its own lane. With more, workers that came later reuse lanes. */
const OWN_LANES = 24;
const MAX_LANES = 128;

/** An attempt. Times are milliseconds since the first coordinator started, without pauses. */
export interface Bar {
  readonly attempt: AttemptView;
  readonly startMs: number;
  readonly endMs: number;
}

/** A worker, from when it joined until it left or the session ended. */
export interface Lifetime {
  readonly worker: WorkerView;
  readonly startMs: number;
  readonly endMs: number;
}

/** A row of the timeline: one worker, or several one after the other. */
export interface Lane {
  readonly lifetimes: Lifetime[];
  readonly bars: Bar[];
}

/** A failed attempt and the next one of its task. */
export interface Reassignment {
  readonly from: { readonly lane: number; readonly atMs: number };
  readonly to: { readonly lane: number; readonly atMs: number };
}

export interface Timeline {
  readonly lanes: readonly Lane[];
  /** The number of workers without a lane. */
  readonly hiddenWorkers: number;
  readonly totalMs: number;
  /** The beginnings of reduce phases and of resumed sessions. */
  readonly marks: ReadonlyArray<{ readonly atMs: number; readonly label: string }>;
  readonly reassignments: readonly Reassignment[];
}

/** Lays out the attempts of a job in lanes. */
export function layOutTimeline({ sessions }: JobHistory): Timeline {
  const pauseMs = PAUSE * sessions.reduce((sum, { endMs }) => sum + endMs, 0);
  const workers = sessions.reduce((sum, { view }) => sum + view.workers.size, 0);
  const lanes: Lane[] = [];
  const marks: Timeline["marks"][number][] = [];
  const reassignments: Reassignment[] = [];
  let hiddenWorkers = 0;
  let shiftMs = 0;
  for (const { view, endMs } of sessions) {
    if (shiftMs > 0) marks.push({ atMs: shiftMs, label: "resumed" });
    const laneOf = new Map<number, number>();
    for (const worker of view.workers.values()) {
      const leftMs = Math.min(worker.leftMs ?? endMs, endMs);
      const lifetime = { worker, startMs: worker.joinedMs + shiftMs, endMs: leftMs + shiftMs };
      const lane = laneFor(lifetime, lanes, workers > OWN_LANES);
      if (lane === undefined) hiddenWorkers += 1;
      else laneOf.set(worker.worker, lane);
    }
    const bars: Array<Bar & { readonly lane: number }> = [];
    for (const attempt of view.attempts) {
      const lane = laneOf.get(attempt.worker);
      if (lane === undefined) continue;
      const bar = {
        attempt,
        startMs: attempt.startMs + shiftMs,
        endMs: Math.min(attempt.endMs ?? endMs, endMs) + shiftMs,
      };
      lanes[lane]?.bars.push(bar);
      bars.push({ ...bar, lane });
    }
    reassignments.push(...findReassignments(bars));
    if (view.reduceStartMs !== undefined) {
      marks.push({ atMs: view.reduceStartMs + shiftMs, label: "reduce" });
    }
    shiftMs += endMs + pauseMs;
  }
  return { lanes, hiddenWorkers, totalMs: Math.max(shiftMs - pauseMs, 1), marks, reassignments };
}

/** The lane of a worker: a new one, or the first one whose last worker has left. */
function laneFor(lifetime: Lifetime, lanes: Lane[], isShared: boolean): number | undefined {
  const free = lanes.findIndex(({ lifetimes }) => {
    return isShared && (lifetimes.at(-1)?.endMs ?? 0) <= lifetime.startMs;
  });
  if (free === -1 && lanes.length === MAX_LANES) return undefined;
  if (free === -1) return lanes.push({ lifetimes: [lifetime], bars: [] }) - 1;
  lanes[free]?.lifetimes.push(lifetime);
  return free;
}

/** Whether an attempt failed or was lost. */
export function hasFailed({ end }: AttemptView): boolean {
  return end === "failed" || end === "leaseEnded" || end === "workerGone" || end === "blocked";
}

function findReassignments(bars: ReadonlyArray<Bar & { readonly lane: number }>): Reassignment[] {
  const open = new Map<string, { readonly lane: number; readonly atMs: number }>();
  const found: Reassignment[] = [];
  for (const { attempt, lane, startMs, endMs } of bars) {
    const task = `${attempt.phase} ${attempt.task}`;
    const from = open.get(task);
    if (from !== undefined && from.atMs <= startMs) {
      found.push({ from, to: { lane, atMs: startMs } });
      open.delete(task);
    }
    if (hasFailed(attempt)) open.set(task, { lane, atMs: endMs });
  }
  return found;
}
