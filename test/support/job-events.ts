import type { JobEvent, UntimedEvent } from "../../src/mr/job/events.ts";

/** The beginning of a job of so many map and reduce tasks. */
export function begin(maps: number, reduces: number): UntimedEvent[] {
  const splits = Array.from({ length: maps }, (_, n) => {
    return {
      file: `part-${Math.floor(n / 4)}.txt`,
      start: 100 * (n % 4),
      end: 100 * (n % 4) + 100,
    };
  });
  return [
    {
      type: "jobStarted",
      directory: "/job",
      startedAt: 0,
      resumed: false,
      term: 1,
      leaseMs: 10_000,
    },
    { type: "jobPlanned", app: "wc.ts", splits, reduces },
  ];
}

/** What happened, by default a second apart. */
export function timed(happenings: readonly UntimedEvent[], stepMs = 1000): JobEvent[] {
  return happenings.map((event, at) => ({ ...event, atMs: stepMs * at }));
}
