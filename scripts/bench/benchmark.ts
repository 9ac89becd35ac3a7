import type { Command, Measurement } from "./measure.ts";

/** One of the two programs that are run in turn. */
export interface Side {
  readonly label: string;
  /** The process to time; it may write into `out`, a new and empty folder. */
  command(out: string): Command;
  /** Throws a `WrongResultError` unless the result is exactly right. */
  check(out: string, measurement: Measurement): Promise<void>;
}

/** The two sides of a row, once its data exist. */
export interface Trial {
  readonly ours: Side;
  readonly theirs?: Side;
  /** Further programs that run once, for comparison only. */
  readonly forTheRecord?: readonly Side[];
  /** Files to read before the first round, so that every run finds them in the system's cache. */
  readonly inputs: readonly string[];
  /** Data sets that are deleted afterwards by default. */
  readonly bigFolders?: readonly string[];
  readonly memory?: boolean;
  readonly note?: string;
  judge(ours: SideResult, theirs: SideResult | undefined): Verdict;
}

export interface SideResult {
  readonly label: string;
  readonly seconds: readonly number[];
  readonly medianSeconds: number;
  /** The highest of all rounds. */
  readonly peakBytes: number | undefined;
}

export interface Verdict {
  /** The text of the ratio column. */
  readonly figure: string;
  readonly ratio?: number;
  readonly memoryRatio?: number;
  readonly met: boolean;
}

export interface Setup {
  readonly dataFolder: string;
  /** The built `tsmr` command. */
  readonly program: string;
  readonly quick: boolean;
  /** P8 at its stated size, instead of a quarter of it. */
  readonly full: boolean;
}

export interface Benchmark {
  readonly name: string;
  readonly work: string;
  readonly target: string;
  readonly rounds: number;
  prepare(setup: Setup): Promise<Trial>;
}

/** Ours may take at most `limit` times as long as theirs. */
export function atMost(limit: number): Trial["judge"] {
  return (ours, theirs) => {
    const ratio = ours.medianSeconds / secondsOf(theirs);
    return { figure: `${ratio.toFixed(2)} ×`, ratio, met: ratio <= limit };
  };
}

/** Ours must be at least `times` as fast as theirs. */
export function timesFaster(times: number): Trial["judge"] {
  return (ours, theirs) => {
    const ratio = secondsOf(theirs) / ours.medianSeconds;
    return { figure: `${ratio.toFixed(2)} × faster`, ratio, met: ratio >= times };
  };
}

/** At most `limit` times as long, and at most `memoryLimit` times the peak memory. */
export function atMostInTimeAndMemory(limit: number, memoryLimit: number): Trial["judge"] {
  return (ours, theirs) => {
    const ratio = ours.medianSeconds / secondsOf(theirs);
    if (ours.peakBytes === undefined || theirs?.peakBytes === undefined) {
      return { figure: `${ratio.toFixed(2)} ×, memory not measured`, ratio, met: false };
    }
    const memoryRatio = ours.peakBytes / theirs.peakBytes;
    return {
      figure: `${ratio.toFixed(2)} ×, memory ${memoryRatio.toFixed(2)} ×`,
      ratio,
      memoryRatio,
      met: ratio <= limit && memoryRatio <= memoryLimit,
    };
  };
}

/** No process may hold more than `limitBytes` at any moment. */
export function memoryAtMost(limitBytes: number): Trial["judge"] {
  return ({ peakBytes }) =>
    peakBytes === undefined
      ? { figure: "not measured", met: false }
      : { figure: `peak ${(peakBytes / 2 ** 20).toFixed(0)} MiB`, met: peakBytes <= limitBytes };
}

function secondsOf(side: SideResult | undefined): number {
  if (side === undefined) {
    throw new TypeError("This row is judged against another side, and has none");
  }
  return side.medianSeconds;
}
