/**
 * Measures how much longer a job takes with a dashboard: runs the same job in turn without and with one, and prints
 * medians. On a busy machine, the processor time of the coordinator says more than the elapsed time.
 *
 *     npx tsx scripts/dashboard-overhead.ts [--rounds 7] [--megabytes 200] [--browser]
 */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { runJob } from "../src/mr/engines/run-job.ts";
import type { JobEvent } from "../src/mr/job/events.ts";
import { startDashboard } from "../src/mr/watch/dashboard/start-dashboard.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const CLIENT = `require("node:http").get(process.argv[1] + "events", (response) => {
  response.once("data", () => console.log("watching")).resume();
});`;

const SETTLE_MS = 3000;
/** A few backup tasks more or less would hide the difference. */
const QUIET = { backups: false, leaseMs: 60_000 };

interface Figures {
  readonly wallMs: number;
  readonly coordinatorCpuMs: number;
  /** Of the coordinator and of all attempts. */
  readonly jobCpuMs: number;
}

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "7" },
    megabytes: { type: "string", default: "200" },
    browser: { type: "boolean", default: false },
  },
});
const directory = mkdtempSync(join(tmpdir(), "tsmr-overhead-"));
const inputs = join(directory, "inputs");
try {
  makeInputs(Number(values.megabytes));
  const figures: Record<"without" | "with", Figures[]> = { without: [], with: [] };
  // The first run fills the caches.
  await run(false);
  for (let round = 0; round < Number(values.rounds); round += 1) {
    const order = round % 2 === 0 ? (["without", "with"] as const) : (["with", "without"] as const);
    for (const mode of order) figures[mode].push(await run(mode === "with"));
  }
  for (const name of ["wallMs", "coordinatorCpuMs", "jobCpuMs"] as const) {
    const [before, after] = (["without", "with"] as const).map((mode) => {
      return median(figures[mode].map((one) => one[name]));
    });
    if (before === undefined || after === undefined) continue;
    const percent = ((100 * (after - before)) / before).toFixed(1);
    console.log(
      `${name}: ${before.toFixed(0)} without, ${after.toFixed(0)} with a dashboard: ${percent} %`,
    );
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}

function makeInputs(megabytes: number): void {
  const texts = join(directory, "texts");
  // The command runs through tsx, as this process does.
  const script = [...process.execArgv, "scripts/make-data.ts", "--out", texts];
  execFileSync(process.execPath, script, { cwd: ROOT, stdio: "ignore" });
  mkdirSync(inputs);
  const text = readdirSync(texts).map((name) => readFileSync(join(texts, name)));
  const whole = Buffer.concat(text);
  for (let bytes = 0; bytes < megabytes * 1e6; bytes += whole.length) {
    writeFileSync(join(inputs, `part-${bytes}.txt`), whole);
  }
}

/** Many small tasks, which cause many events. */
async function run(isWatched: boolean): Promise<Figures> {
  const out = join(directory, "out");
  const dashboard = isWatched ? await startDashboard({ port: 0 }) : undefined;
  const stop = dashboard === undefined ? undefined : await watch(dashboard.url);
  const cpu = process.cpuUsage();
  const begun = performance.now();
  let taskCpuMs = 0;
  const onEvent = (event: JobEvent) => {
    dashboard?.onEvent(event);
    if (event.type === "attemptCompleted") taskCpuMs += event.progress?.cpuMs ?? 0;
  };
  await runJob({ app: "top_words", inputs: [inputs], out, splitBytes: 2 ** 20, ...QUIET, onEvent });
  const wallMs = performance.now() - begun;
  const { user, system } = process.cpuUsage(cpu);
  await dashboard?.close();
  await stop?.();
  rmSync(out, { recursive: true });
  const coordinatorCpuMs = (user + system) / 1000;
  return { wallMs, coordinatorCpuMs, jobCpuMs: coordinatorCpuMs + taskCpuMs };
}

/** Opens the dashboard from another process. */
async function watch(url: string): Promise<() => Promise<void>> {
  if (values.browser) {
    const browser = await chromium.launch({
      executablePath: "/usr/bin/chromium",
      args: ["--headless", "--no-sandbox", "--disable-gpu"],
    });
    const page = await browser.newPage();
    await page.goto(url);
    // The start of the browser is not measured.
    await setTimeout(SETTLE_MS);
    return () => browser.close();
  }
  const client = spawn(process.execPath, ["-e", CLIENT, url]);
  const ended = once(client, "exit");
  await once(client.stdout, "data");
  return async () => {
    await ended;
  };
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((one, other) => one - other);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}
