import type { JobHistory } from "../history/job-history.ts";
import type { AttemptView, WorkerView } from "../history/job-view.ts";

/** A pause between two coordinators of a job, however long it was, is drawn as this part of the rest. */
const PAUSE = 0.02;
/** Up to so many workers have a lane each. Of more, one follows another in the same lane. */
const OWN_LANES = 24;
const MAX_LANES = 128;

/** An attempt, in milliseconds since the first coordinator started, pauses left out. */
export interface Bar {
  readonly attempt: AttemptView;
  readonly startMs: number;
  readonly endMs: number;
}

/** A worker, from when it joined until it left, or the job ended. */
export interface Lifetime {
  readonly worker: WorkerView;
  readonly startMs: number;
  readonly endMs: number;
}

/** A row of the timeline: what one worker did, or several of which one followed the other. */
export interface Lane {
  readonly lifetimes: Lifetime[];
  readonly bars: Bar[];
}

/** An attempt that came to nothing, and the next one of its task. */
export interface Reassignment {
  readonly from: { readonly lane: number; readonly atMs: number };
  readonly to: { readonly lane: number; readonly atMs: number };
}

export interface Timeline {
  readonly lanes: readonly Lane[];
  /** Of workers that did not fit into the lanes. */
  readonly hiddenWorkers: number;
  readonly totalMs: number;
  /** When reduce tasks began, and when another coordinator went on. */
  readonly marks: ReadonlyArray<{ readonly atMs: number; readonly label: string }>;
  readonly reassignments: readonly Reassignment[];
}

/** Lays out who did what, and when. */
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

/** The lane of a worker: one of its own, or the first whose last worker has left. */
function laneFor(lifetime: Lifetime, lanes: Lane[], isShared: boolean): number | undefined {
  const free = lanes.findIndex(({ lifetimes }) => {
    return isShared && (lifetimes.at(-1)?.endMs ?? 0) <= lifetime.startMs;
  });
  if (free === -1 && lanes.length === MAX_LANES) return undefined;
  if (free === -1) return lanes.push({ lifetimes: [lifetime], bars: [] }) - 1;
  lanes[free]?.lifetimes.push(lifetime);
  return free;
}

/** Whether an attempt was given up or failed, rather than ended with its task or its job. */
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
