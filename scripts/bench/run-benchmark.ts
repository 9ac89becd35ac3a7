import { createReadStream } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Benchmark, Setup, Side, SideResult, Trial, Verdict } from "./benchmark.ts";
import { WrongResultError } from "./check-results.ts";
import { type Measurement, measure } from "./measure.ts";
import { median } from "./statistics.ts";

export interface Row {
  readonly name: string;
  readonly work: string;
  readonly target: string;
  readonly rounds: number;
  readonly ours: SideResult;
  readonly theirs?: SideResult;
  readonly forTheRecord: readonly SideResult[];
  readonly verdict: Verdict;
  readonly note?: string;
}

export interface RunOptions {
  /** How often each side runs. */
  readonly rounds: number;
  /** Keep data sets that are deleted by default because of their size. */
  readonly keep: boolean;
  /** Called after each timed run. */
  readonly progress: (line: string) => void;
}

/**
 * Runs both sides in turn, A B A B …, each from an empty folder, and checks each result.
 *
 * @throws {WrongResultError} naming the row and the side, as soon as one result is wrong
 */
export async function runBenchmark(
  benchmark: Benchmark,
  setup: Setup,
  options: RunOptions,
): Promise<Row> {
  const trial = await benchmark.prepare(setup);
  try {
    await readThrough(trial.inputs);
    const sides = trial.theirs === undefined ? [trial.ours] : [trial.ours, trial.theirs];
    const runs = new Map<Side, Measurement[]>(sides.map((side) => [side, []]));
    for (let round = 1; round <= options.rounds; round++) {
      for (const [side, measurements] of runs) {
        const measured = await runSide(benchmark, setup, trial, side);
        measurements.push(measured);
        options.progress(
          `${benchmark.name} ${round}/${options.rounds} ${side.label}: ${measured.seconds.toFixed(3)} s`,
        );
      }
    }
    const others: SideResult[] = [];
    for (const side of trial.forTheRecord ?? []) {
      const measured = await runSide(benchmark, setup, trial, side);
      options.progress(`${benchmark.name} ${side.label}: ${measured.seconds.toFixed(3)} s`);
      others.push(summary(side, [measured]));
    }
    const ours = summary(trial.ours, runs.get(trial.ours) ?? []);
    const theirs = trial.theirs && summary(trial.theirs, runs.get(trial.theirs) ?? []);
    return {
      name: benchmark.name,
      work: benchmark.work,
      target: benchmark.target,
      rounds: options.rounds,
      ours,
      ...(theirs === undefined ? {} : { theirs }),
      forTheRecord: others,
      verdict: trial.judge(ours, theirs),
      ...(trial.note === undefined ? {} : { note: trial.note }),
    };
  } finally {
    if (!options.keep) {
      await Promise.all((trial.bigFolders ?? []).map((folder) => rm(folder, { recursive: true })));
    }
  }
}

async function runSide(
  benchmark: Benchmark,
  setup: Setup,
  trial: Trial,
  side: Side,
): Promise<Measurement> {
  const out = join(setup.dataFolder, "out");
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  // Otherwise this run would pay for the writes of the one before.
  await measure({ program: "sync", arguments: [] });
  try {
    const measured = await measure(side.command(out), { memory: trial.memory ?? false });
    await side.check(out, measured);
    return measured;
  } catch (error) {
    if (error instanceof WrongResultError) {
      error.message = `Wrong result of ${benchmark.name}, ${side.label}: ${error.message}`;
    }
    throw error;
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}

function summary(side: Side, runs: readonly Measurement[]): SideResult {
  const peaks = runs.map(({ peakBytes }) => peakBytes).filter((peak) => peak !== undefined);
  return {
    label: side.label,
    seconds: runs.map(({ seconds }) => seconds),
    medianSeconds: median(runs.map(({ seconds }) => seconds)),
    peakBytes: peaks.length === 0 ? undefined : Math.max(...peaks),
  };
}

async function readThrough(files: readonly string[]): Promise<void> {
  for (const file of files) {
    for await (const _ of createReadStream(file, { highWaterMark: 1 << 22 })) {
      // Reading brings the file into the system's cache.
    }
  }
}
