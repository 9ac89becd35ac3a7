/**
 * Runs real jobs while it kills and stops their processes, fills their disk and spoils their files,
 * and compares every output with that of a sequential run. scripts/chaos.sh builds the package first.
 *
 *     scripts/chaos.sh 15 --seed 7
 */
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { wholeNumber } from "../../src/main/options.ts";
import { Oracle } from "./expected.ts";
import { makeInputs } from "./inputs.ts";
import { findMarked, send } from "./processes.ts";
import { builtProgram, sourceProgram } from "./programs.ts";
import { type Report, runOne, type Site } from "./run-one.ts";
import { describeReport, summarize } from "./summary.ts";

interface Options {
  readonly seed: number;
  readonly job?: number;
  readonly jobs: number;
  readonly atOnce: number;
  readonly sources?: true;
}

const MAX_SEED = 2 ** 31;

const command = new Command("chaos")
  .description("Let everything go wrong that can, and see that every output is exact.")
  .argument("<minutes>", "how long to begin new jobs, fractions allowed", Number)
  .option(
    "--seed <n>",
    "for all choices",
    wholeNumber({ min: 0, max: MAX_SEED }),
    Date.now() % MAX_SEED,
  )
  .option("--job <n>", "only this job of the seed", wholeNumber({ min: 1, max: MAX_SEED }))
  .option("--jobs <n>", "at most so many jobs", wholeNumber({ min: 1, max: MAX_SEED }), MAX_SEED)
  .option("--at-once <n>", "jobs that run at a time", wholeNumber({ min: 1, max: 100 }), 2)
  .option("--sources", "run the commands from their sources instead of the built ones")
  .parse();

const options = command.opts<Options>();
const endMs = performance.now() + 60_000 * Number(command.args[0]);
const home = realpathSync(mkdtempSync(join(tmpdir(), "tsmr-chaos-")));
const reports: Report[] = [];
let begun = 0;
let problems = 0;
let isEnding = false;

for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const) {
  process.once(signal, () => {
    isEnding = true;
    for (const { pid } of findMarked(home)) send(pid, "SIGKILL");
    process.stdout.write(`${summarize(reports, performance.now() - startedMs)}\n`);
    process.exit(code);
  });
}
process.once("exit", () => cleanUp());

const startedMs = performance.now();
process.stdout.write(`seed ${options.seed}\n`);
mkdirSync(join(home, "data"));
const program = options.sources === true ? sourceProgram : builtProgram;
const site: Site = {
  home,
  seed: options.seed,
  program,
  inputs: await makeInputs(join(home, "data"), home),
  oracle: new Oracle(join(home, "data"), program),
};
await Promise.all(Array.from({ length: options.atOnce }, () => runJobs()));
process.stdout.write(`${summarize(reports, performance.now() - startedMs)}\n`);
process.exitCode = problems === 0 ? 0 : 1;

/** One job after the other, until the time is over or one has gone wrong. */
async function runJobs(): Promise<void> {
  while (!isEnding && problems === 0 && begun < options.jobs && performance.now() < endMs) {
    begun += 1;
    if (options.job !== undefined && begun > 1) return;
    const report = await runOne(options.job ?? begun, site);
    if (isEnding) return;
    reports.push(report);
    process.stdout.write(`${describeReport(report)}\n`);
    if (report.problem === undefined) continue;
    problems += 1;
    process.stdout.write(
      `${report.problem}\nEverything of it is kept in ${report.folder}\n` +
        `The same choices again: scripts/chaos.sh 1 --seed ${options.seed} --job ${report.number}\n`,
    );
  }
}

function cleanUp(): void {
  for (const { pid } of findMarked(home)) send(pid, "SIGKILL");
  if (problems === 0) rmSync(home, { recursive: true, force: true });
}
