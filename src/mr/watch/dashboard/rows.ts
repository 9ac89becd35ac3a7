import { splitBytes } from "../../job/split.ts";
import type { Phase } from "../../job/task.ts";
import { appFrames } from "../history/app-frames.ts";
import type { Incident, JobView } from "../history/job-view.ts";
import type { AttemptRow, IncidentRow, SplitRow, TaskRow, WorkerRow } from "./protocol.ts";

const STATES = { idle: 0, inProgress: 1, completed: 2 } as const;
const PHASES = { map: 0, reduce: 1 } as const;

export type Table = keyof typeof ROWS;

/** The row of each table at an index; undefined if there is none. `files` has the indexes of input files. */
export const ROWS = {
  splits(
    { splits }: JobView,
    at: number,
    files: ReadonlyMap<string, number>,
  ): SplitRow | undefined {
    const split = splits[at];
    return split && [files.get(split.file) ?? 0, splitBytes(split), split.further?.length ?? 0];
  },
  maps: (view: JobView, at: number) => taskRow(view, "map", at),
  reduces: (view: JobView, at: number) => taskRow(view, "reduce", at),
  attempts({ attempts }: JobView, at: number): AttemptRow | undefined {
    const view = attempts[at];
    if (view === undefined) return undefined;
    const { phase, task, attempt, worker, isBackup, startMs, endMs, end, progress } = view;
    const { records, bytes, cpuMs } = progress;
    return [
      ...([PHASES[phase], task, attempt, worker, isBackup ? 1 : 0, Math.round(startMs)] as const),
      ...([endMs === undefined ? null : Math.round(endMs), end ?? null] as const),
      ...([records, bytes, Math.round(cpuMs)] as const),
    ];
  },
  /** Row `i` is worker `i + 1`. */
  workers({ workers }: JobView, at: number): WorkerRow | undefined {
    const view = workers.get(at + 1);
    if (view === undefined) return undefined;
    const { worker, pid, joinedMs, leftMs } = view;
    return [worker, pid, Math.round(joinedMs), leftMs === undefined ? null : Math.round(leftMs)];
  },
  incidents({ incidents }: JobView, at: number): IncidentRow | undefined {
    const incident = incidents[at];
    if (incident === undefined) return undefined;
    const { atMs, event } = incident;
    const phase = "phase" in event && event.phase === "reduce" ? 1 : 0;
    const task = "task" in event ? event.task : 0;
    const [attempt, worker] = "attempt" in event ? [event.attempt, event.worker] : [null, null];
    const { message, stack } = describe(event);
    const frames = stack === undefined ? null : appFrames(stack);
    return [Math.round(atMs), event.type, phase, task, attempt, worker, message, frames];
  },
};

function taskRow(view: JobView, phase: Phase, at: number): TaskRow | undefined {
  const task = view.tasks(phase)[at];
  if (task === undefined) return undefined;
  const { state, attempts, alive, incidents, winner, progress, outputBytes } = task;
  const isRestored = state === "completed" && winner === undefined ? 1 : 0;
  const { records = 0, bytes = 0, cpuMs = 0 } = progress ?? {};
  const written = outputBytes.reduce((sum, bytes) => sum + bytes, 0);
  return [
    ...([STATES[state], attempts, alive, incidents, isRestored] as const),
    ...([records, bytes, Math.round(cpuMs), written] as const),
  ];
}

function describe(event: Incident["event"]): { message: string; stack?: string | undefined } {
  if (event.type === "attemptFailed" || event.type === "attemptBlocked") return event.failure;
  if (event.type === "taskReopened") return { message: "its output was lost: it runs again" };
  const isWorkerGone = event.type === "attemptLost" && event.reason === "workerGone";
  return { message: isWorkerGone ? "its worker is gone" : "it made no progress within the lease" };
}
