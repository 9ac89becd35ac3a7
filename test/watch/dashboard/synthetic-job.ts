import type { JobEvent, UntimedEvent } from "../../../src/mr/job/events.ts";

export interface SyntheticJob {
  readonly maps: number;
  readonly reduces: number;
  readonly workers: number;
  /** How long a task takes on average, in milliseconds. */
  readonly taskMs: number;
  /** Every so many attempts, a worker dies. Default: never. */
  readonly diesEvery?: number;
  /** Every so many attempts, one fails. Default: never. */
  readonly failsEvery?: number;
  readonly seed?: number;
}

const PROGRESS_MS = 1000;

/**
 * All that happens in a job that nobody runs, in order: tasks go to whoever is free, workers that die
 * are replaced, and what they had is given to others.
 */
export function syntheticJob(job: SyntheticJob): JobEvent[] {
  const { maps, reduces, workers, taskMs, diesEvery = 0, failsEvery = 0 } = job;
  const random = lehmer(job.seed ?? 1);
  const events: JobEvent[] = [];
  const tell = (atMs: number, event: UntimedEvent) => events.push({ ...event, atMs });
  const splits = Array.from({ length: maps }, (_, n) => {
    return {
      file: `books/part-${String(Math.floor(n / 8)).padStart(4, "0")}.txt`,
      start: (n % 8) * 2 ** 25,
      end: ((n % 8) + 1) * 2 ** 25,
    };
  });
  tell(0, {
    ...{ type: "jobStarted", directory: "/data/jobs/word-count", startedAt: 1_760_000_000_000 },
    ...{ resumed: false, term: 1, leaseMs: 10_000 },
  });
  tell(0, { type: "jobPlanned", app: null, splits, reduces });
  tell(40, { type: "jobPlanned", app: "wc.ts", splits, reduces });
  const freeAt = new Map<number, number>();
  let lastWorker = 0;
  const join = (atMs: number) => {
    lastWorker += 1;
    freeAt.set(lastWorker, atMs);
    tell(atMs, { type: "workerJoined", worker: lastWorker, pid: 4000 + lastWorker });
  };
  for (let n = 0; n < workers; n += 1) join(50 + 3 * n);
  let attempts = 0;
  let phaseMs = 0;
  for (const phase of ["map", "reduce"] as const) {
    if (phase === "reduce") {
      phaseMs = Math.max(...freeAt.values());
      tell(phaseMs, { type: "phaseStarted", phase });
    }
    const open = Array.from({ length: phase === "map" ? maps : reduces }, (_, task) => {
      return { task, attempt: 1, fromMs: phaseMs };
    });
    for (let next = open.shift(); next !== undefined; next = open.shift()) {
      const [worker, free] = [...freeAt].reduce((one, other) => (other[1] < one[1] ? other : one));
      const startMs = Math.max(free, next.fromMs);
      const { task, attempt } = next;
      const which = { phase, task, attempt, worker };
      const skew = phase === "reduce" && task % 7 === 3 ? 2.5 : 1;
      const endMs = startMs + taskMs * skew * (0.4 + 1.2 * random());
      attempts += 1;
      tell(startMs, { type: "attemptStarted", ...which, isBackup: false });
      // Of what they read, only map tasks tell.
      const perMs = { records: 900, bytes: phase === "map" ? 41_000 : 0, cpuMs: 0.95 };
      const upTo = (atMs: number) => ({
        records: Math.round((atMs - startMs) * perMs.records),
        bytes: Math.round((atMs - startMs) * perMs.bytes),
        cpuMs: (atMs - startMs) * perMs.cpuMs,
      });
      const dies = diesEvery > 0 && attempts % diesEvery === 0;
      const fails = failsEvery > 0 && attempts % failsEvery === 0;
      const stopMs = dies || fails ? startMs + 0.6 * (endMs - startMs) : endMs;
      for (let atMs = startMs + PROGRESS_MS; atMs < stopMs; atMs += PROGRESS_MS) {
        tell(atMs, { type: "attemptProgressed", ...which, progress: upTo(atMs) });
      }
      freeAt.set(worker, stopMs);
      if (dies) {
        freeAt.delete(worker);
        tell(stopMs, { type: "workerLeft", worker });
        tell(stopMs, { type: "attemptLost", ...which, reason: "workerGone" });
        join(stopMs + 300);
      } else if (fails) {
        const message = `Error: Cannot parse record ${Math.round(1e6 * random())}: unexpected end of line`;
        const stack = `${message}\n    at parse (/data/apps/wc.ts:14:11)\n    at map (/data/apps/wc.ts:27:9)`;
        tell(stopMs, {
          type: "attemptFailed",
          ...which,
          failure: { code: "APP_THREW", message, stack },
        });
      } else {
        const outputBytes =
          phase === "map"
            ? Array.from({ length: reduces }, (_, to) =>
                Math.round(9e5 * (to % 7 === 3 ? 3 : 1) * (0.6 + 0.8 * random())),
              )
            : [Math.round(4e6 * skew)];
        const counters =
          phase === "map"
            ? { "lines read": Math.round(3e5 * random()), "bad records": task % 3 }
            : {};
        tell(endMs, {
          type: "attemptCompleted",
          ...which,
          progress: upTo(endMs),
          outputBytes,
          counters,
        });
      }
      if (dies || fails) open.unshift({ task, attempt: attempt + 1, fromMs: stopMs });
    }
  }
  tell(Math.max(...freeAt.values()), { type: "jobEnded", outcome: { state: "completed" } });
  // They were told task by task.
  return events
    .map((event, at) => ({ event, at }))
    .sort((one, other) => one.event.atMs - other.event.atMs || one.at - other.at)
    .map(({ event }) => event);
}

/** Numbers that look random, from 0 to 1, the same for the same seed. */
function lehmer(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
