import { splitBytes } from "../../job/split.ts";
import type { Phase } from "../../job/task.ts";
import { appFrames } from "../history/app-frames.ts";
import type { Incident, JobView } from "../history/job-view.ts";
import type { AttemptRow, IncidentRow, Row, SplitRow, TaskRow, WorkerRow } from "./protocol.ts";

const STATES = { idle: 0, inProgress: 1, completed: 2 } as const;
const PHASES = { map: 0, reduce: 1 } as const;

/** Indexes of tasks, attempts and so on. */
type Numbers = readonly number[];

/** The inputs of map tasks, with the index of their first file in `files`. */
export function splitRows({ splits }: JobView, files: ReadonlyMap<string, number>, which: Numbers) {
  return which.flatMap((at): Row<SplitRow>[] => {
    const split = splits[at];
    return split === undefined
      ? []
      : [
          [
            ...([at, files.get(split.file) ?? 0] as const),
            ...([splitBytes(split), split.further?.length ?? 0] as const),
          ],
        ];
  });
}

export function taskRows(view: JobView, phase: Phase, which: Numbers): Row<TaskRow>[] {
  const tasks = view.tasks(phase);
  return which.flatMap((at) => {
    const task = tasks[at];
    if (task === undefined) return [];
    const { state, attempts, alive, incidents, winner, progress, outputBytes } = task;
    const isRestored = state === "completed" && winner === undefined ? 1 : 0;
    const { records = 0, bytes = 0, cpuMs = 0 } = progress ?? {};
    const written = outputBytes.reduce((sum, bytes) => sum + bytes, 0);
    return [
      [
        ...([at, STATES[state], attempts, alive, incidents, isRestored, records, bytes] as const),
        Math.round(cpuMs),
        written,
      ],
    ];
  });
}

export function attemptRows({ attempts }: JobView, which: Numbers): Row<AttemptRow>[] {
  return which.flatMap((at) => {
    const view = attempts[at];
    if (view === undefined) return [];
    const { phase, task, attempt, worker, isBackup, startMs, endMs, end, progress } = view;
    const { records, bytes, cpuMs } = progress;
    return [
      [
        ...([at, PHASES[phase], task, attempt, worker, isBackup ? 1 : 0] as const),
        Math.round(startMs),
        endMs === undefined ? null : Math.round(endMs),
        end ?? null,
        ...([records, bytes, Math.round(cpuMs)] as const),
      ],
    ];
  });
}

/** Row `i` is worker `i + 1`. */
export function workerRows({ workers }: JobView, which: Numbers): Row<WorkerRow>[] {
  return which.flatMap((at) => {
    const view = workers.get(at + 1);
    if (view === undefined) return [];
    const { worker, pid, joinedMs, leftMs } = view;
    const left = leftMs === undefined ? null : Math.round(leftMs);
    return [[at, worker, pid, Math.round(joinedMs), left]];
  });
}

export function incidentRows({ incidents }: JobView, which: Numbers): Row<IncidentRow>[] {
  return which.flatMap((at) => {
    const incident = incidents[at];
    return incident === undefined ? [] : [[at, ...incidentRow(incident)]];
  });
}

function incidentRow({ atMs, event }: Incident): IncidentRow {
  const phase = "phase" in event && event.phase === "reduce" ? 1 : 0;
  const task = "task" in event ? event.task : 0;
  const [attempt, worker] = "attempt" in event ? [event.attempt, event.worker] : [null, null];
  const { message, stack } = describe(event);
  return [
    Math.round(atMs),
    event.type,
    phase,
    task,
    attempt,
    worker,
    message,
    stack === undefined ? null : appFrames(stack),
  ];
}

function describe(event: Incident["event"]): { message: string; stack?: string | undefined } {
  if (event.type === "attemptFailed" || event.type === "attemptBlocked") return event.failure;
  if (event.type === "taskReopened") return { message: "its output was lost: it runs again" };
  const isWorkerGone = event.type === "attemptLost" && event.reason === "workerGone";
  return { message: isWorkerGone ? "its worker is gone" : "it made no progress within the lease" };
}
