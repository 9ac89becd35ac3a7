/**
 * Runs one simulated job with faults of every kind for each seed.
 *
 *     npm run simulate -- --seeds 50000 --from 1
 */
import { Command } from "commander";
import { wholeNumber } from "../src/main/options.ts";
import { replayCommand, simulate } from "../test/simulation/simulate.ts";

const command = new Command("simulate")
  .option("--seeds <n>", "number of jobs", wholeNumber({ min: 1, max: 1_000_000_000 }), 5000)
  .option("--from <n>", "the first seed", wholeNumber({ min: 0, max: 2 ** 31 }), 1)
  .parse();
const { seeds, from } = command.opts<{ readonly seeds: number; readonly from: number }>();

const startedMs = performance.now();
const { jobs, events, failures } = await simulate(from, seeds);
const seconds = (performance.now() - startedMs) / 1000;
const rate = Math.round((jobs / seconds) * 60);
process.stdout.write(
  `${jobs} jobs, ${events} events in ${seconds.toFixed(1)} s (${rate} jobs a minute)\n`,
);
for (const failure of failures) {
  process.stdout.write(
    `Seed ${failure.seed} failed: ${failure.error.stack}\n${replayCommand(failure)}\n`,
  );
  process.exitCode = 1;
}
