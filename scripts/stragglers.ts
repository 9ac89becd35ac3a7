/**
 * Measures the benefit of backup tasks as the paper does (section 5.4): a job with one slow worker, with and without
 * backups. Prints the median of three runs each, in turn.
 *
 *     npx tsx scripts/stragglers.ts
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runJob } from "../src/mr/engines/run-job.ts";

const RUNS = 3;
const WORKERS = 4;
const TASKS = 16;
const LEASE_MS = 500;

/*
 * A map task takes 20 × 10 ms. It waits instead of computing, so that the measurement is the same on a busy
 * machine. The worker that makes the directory first needs 30 times as long for each of its tasks.
 */
const APP = `
  import { mkdirSync } from "node:fs";
  import { setTimeout as sleep } from "node:timers/promises";
  let isSlow;
  function takeTheRole() {
    try { mkdirSync(process.env.TSMR_STRAGGLER); return true; } catch { return false; }
  }
  export async function* map(file, contents) {
    isSlow ??= takeTheRole();
    for (let turn = 0; turn < 20; turn++) {
      await sleep(isSlow ? 300 : 10);
      yield { key: "turn " + turn, value: contents };
    }
  }
  export function reduce(key, values) {
    return String(values.length);
  }
`;

const home = mkdtempSync(join(tmpdir(), "tsmr-stragglers-"));
try {
  const app = join(home, "app.ts");
  writeFileSync(app, APP);
  const inputs = Array.from({ length: TASKS }, (_, task) => join(home, `${task}.txt`));
  for (const input of inputs) writeFileSync(input, input);
  const elapsed = { without: [] as number[], with: [] as number[] };
  const outputs = new Set<string>();
  for (let run = 0; run < RUNS; run++) {
    for (const backups of [false, true]) {
      const out = join(home, `out-${run}-${backups}`);
      Object.assign(process.env, { TSMR_STRAGGLER: `${out}.straggler` });
      const options = {
        app,
        inputs,
        out,
        workers: WORKERS,
        reduces: 2,
        leaseMs: LEASE_MS,
        backups,
      };
      const { elapsedMs } = await runJob(options);
      elapsed[backups ? "with" : "without"].push(elapsedMs);
      outputs.add(
        readdirSync(out)
          .map((name) => readFileSync(join(out, name), "utf8"))
          .join(),
      );
    }
  }
  if (outputs.size !== 1) throw new Error("The outputs of the runs differ");
  for (const [how, times] of Object.entries(elapsed)) {
    process.stdout.write(`${how} backup tasks: ${(median(times) / 1000).toFixed(2)} s\n`);
  }
} finally {
  rmSync(home, { recursive: true, force: true });
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
