/**
 * Makes the picture of the dashboard in docs/dashboard.md from a running job, one of whose workers was killed.
 *
 *     npx tsx scripts/screenshots.ts [--out docs/images/dashboard.png] [--dark]
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { runJob } from "../src/mr/engines/run-job.ts";
import type { JobEvent } from "../src/mr/job/events.ts";
import { startDashboard } from "../src/mr/watch/dashboard/start-dashboard.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const COPIES = 3;
/** How many map tasks are completed when a worker is killed. */
const MAPS_BEFORE_DEATH = 12;
/** How many reduce tasks are completed when the picture is taken. */
const REDUCES_BEFORE_PICTURE = 2;

const { values } = parseArgs({
  options: {
    out: { type: "string", default: "docs/images/dashboard.png" },
    dark: { type: "boolean", default: false },
  },
});
const directory = mkdtempSync(join(tmpdir(), "tsmr-screenshot-"));
const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--headless", "--no-sandbox", "--disable-gpu"],
});
try {
  const dashboard = await startDashboard({ port: 0 });
  const page = await browser.newPage({
    viewport: { width: 1280, height: 960 },
    colorScheme: values.dark ? "dark" : "light",
  });
  await page.goto(dashboard.url);
  const pids = new Map<number, number>();
  const completed = { map: 0, reduce: 0 };
  let picture: Promise<unknown> | undefined;
  const onEvent = (event: JobEvent) => {
    dashboard.onEvent(event);
    if (event.type === "workerJoined") pids.set(event.worker, event.pid);
    if (event.type !== "attemptCompleted") return;
    completed[event.phase] += 1;
    const isTime = event.phase === "map" && completed.map === MAPS_BEFORE_DEATH;
    const victim = [...pids].find(([worker]) => worker !== event.worker);
    if (isTime && victim !== undefined) process.kill(victim[1], "SIGKILL");
    if (event.phase !== "reduce" || completed.reduce !== REDUCES_BEFORE_PICTURE) return;
    const path = join(ROOT, values.out);
    mkdirSync(dirname(path), { recursive: true });
    // The latest events are on their way to the page.
    picture = page.waitForTimeout(400).then(() => page.screenshot({ path, fullPage: true }));
  };
  const app = join(ROOT, "src/mrapps/top_words.ts");
  const settings = { workers: 4, reduces: 6, splitBytes: 2 ** 20 };
  await runJob({ app, inputs: [makeInputs()], out: join(directory, "out"), ...settings, onEvent });
  await picture;
  await dashboard.close();
} finally {
  await browser.close();
  rmSync(directory, { recursive: true, force: true });
}

/** The State of the Union addresses, repeated several times. */
function makeInputs(): string {
  const [texts, inputs] = [join(directory, "texts"), join(directory, "addresses")];
  // The command runs through tsx, as this process does.
  const script = [...process.execArgv, "scripts/make-data.ts", "--out", texts];
  execFileSync(process.execPath, script, { cwd: ROOT, stdio: "ignore" });
  mkdirSync(inputs);
  for (const name of readdirSync(texts).sort()) {
    const text = readFileSync(join(texts, name));
    writeFileSync(join(inputs, name), Buffer.concat(new Array<Buffer>(COPIES).fill(text)));
  }
  return inputs;
}
