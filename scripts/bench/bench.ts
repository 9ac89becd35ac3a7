/** The command `npm run bench [P1 …]`; see docs/performance.md. */
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { Command, InvalidArgumentError } from "commander";
import type { Benchmark } from "./benchmark.ts";
import { p6, p7, p8 } from "./big-data-rows.ts";
import { problemOfBuild, TSMR_PROGRAM, TSMR_SOURCES } from "./built-command.ts";
import { WrongResultError } from "./check-results.ts";
import { p9 } from "./control-rows.ts";
import { formatTable, machineFacts } from "./report.ts";
import { type Row, runBenchmark } from "./run-benchmark.ts";
import { p1, p2, p3, p4, p5 } from "./word-count-rows.ts";

const BENCHMARKS: readonly Benchmark[] = [p1, p2, p3, p4, p5, p6, p7, p8, p9];

interface Options {
  rounds?: number;
  json?: string;
  quick: boolean;
  full: boolean;
  keep: boolean;
  tsmr: string;
  data: string;
}

const command = new Command("bench")
  .description("Times tsmr against its targets, each side a whole process, and checks each result.")
  .argument("[names...]", "the rows to run: P1 to P9", selectBenchmark, [])
  .option(
    "--rounds <n>",
    "runs of each side (default: 5, or 11 where short, fewer where long)",
    whole,
  )
  .option("--json <file>", "also write all times, and what machine it was, as JSON")
  .option("--quick", "small data, one round: does everything work?", false)
  .option("--full", "P8 at its full size: 10 GB", false)
  .option("--keep", "keep the data of P7 and P8 (2.4 GB and more) for the next time", false)
  .option("--tsmr <file>", "the built command to time", TSMR_PROGRAM)
  .option(
    "--data <folder>",
    "where the data are made and kept",
    fileURLToPath(new URL("../../data/bench", import.meta.url)),
  )
  .action((names: Benchmark[], options: Options) =>
    main(names.length === 0 ? BENCHMARKS : names, options),
  );

await command.parseAsync();

async function main(benchmarks: readonly Benchmark[], options: Options): Promise<void> {
  const isOurs = options.tsmr === TSMR_PROGRAM;
  const problem = problemOfBuild(options.tsmr, isOurs ? TSMR_SOURCES : undefined);
  if (problem !== undefined) {
    console.error(problem);
    process.exitCode = 1;
    return;
  }
  const setup = {
    dataFolder: options.data,
    program: options.tsmr,
    quick: options.quick,
    full: options.full,
  };
  const rows: Row[] = [];
  const failures: string[] = [];
  for (const benchmark of benchmarks) {
    const rounds = options.rounds ?? (options.quick ? 1 : benchmark.rounds);
    try {
      rows.push(
        await runBenchmark(benchmark, setup, {
          rounds,
          keep: options.keep,
          progress: console.error,
        }),
      );
    } catch (error) {
      failures.push(describeFailure(benchmark, error));
    }
  }
  console.log(formatTable(rows, options));
  if (options.json !== undefined) {
    const report = { machine: machineFacts(), quick: options.quick, rows, failures };
    await writeFile(options.json, `${JSON.stringify(report, undefined, 2)}\n`);
  }
  for (const failure of failures) {
    console.error(failure);
    process.exitCode = 1;
  }
}

function describeFailure({ name }: Benchmark, error: unknown): string {
  if (error instanceof WrongResultError) {
    return error.message;
  }
  return `${name} could not be run: ${error instanceof Error ? error.message : String(error)}`;
}

function selectBenchmark(name: string, selected: Benchmark[]): Benchmark[] {
  const found = BENCHMARKS.find((benchmark) => benchmark.name === name.toUpperCase());
  if (found === undefined) {
    throw new InvalidArgumentError(`There is ${BENCHMARKS.map(({ name }) => name).join(", ")}.`);
  }
  return [...selected, found];
}

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) {
    throw new InvalidArgumentError("It must be a whole number from 1.");
  }
  return value;
}
