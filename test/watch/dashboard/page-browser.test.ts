// Tests src/mr/watch/dashboard/page in Chromium.

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { runJob } from "../../../src/mr/engines/run-job.ts";
import type { JobEvent } from "../../../src/mr/job/events.ts";
import { type Dashboard, startDashboard } from "../../../src/mr/watch/dashboard/start-dashboard.ts";
import { NO_CHROMIUM, startChromium } from "../../support/chromium.ts";
import { contrast } from "../../support/contrast.ts";
import { begin, timed } from "../../support/job-events.ts";
import { isSkippedFor } from "../../support/needs.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { syntheticJob } from "./synthetic-job.ts";

const PATIENCE_MS = 120_000;

/** The first worker to get `part-3` dies of it. */
const CRASHING = `
import { existsSync, writeFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";

export async function map(file: string, text: string) {
  await setTimeout(150);
  if (file.endsWith("part-3.txt") && !existsSync("crashed")) {
    writeFileSync("crashed", "");
    process.kill(process.pid, "SIGKILL");
    await setTimeout(60_000);
  }
  return text.split(" ").map((key) => ({ key, value: "1" }));
}

export async function reduce(_key: string, values: string[]) {
  return String(values.length);
}
`;

let browser: Browser;
let directory: string;
const open: Array<Dashboard | Page> = [];

beforeAll(async () => {
  if (NO_CHROMIUM === undefined) browser = await startChromium();
});
afterAll(async () => {
  if (NO_CHROMIUM === undefined) await browser.close();
});
afterEach(async () => {
  for (const opened of open.splice(0).reverse()) await opened.close();
  if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
});

async function dashboard(): Promise<Dashboard> {
  const started = await startDashboard({ port: 0 });
  open.push(started);
  return started;
}

/** The page, and what went wrong in it: messages, errors, and requests to anybody else. */
async function visit(url: string): Promise<{ page: Page; faults: string[] }> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  page.setDefaultTimeout(PATIENCE_MS);
  open.push(page);
  const faults: string[] = [];
  page.on("console", (message) => {
    // The server is gone when its job is: the browser says so, and the page, too.
    if (!message.text().includes("ERR_CONNECTION_REFUSED")) faults.push(message.text());
  });
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== new URL(url).origin) faults.push(request.url());
  });
  await page.goto(url);
  return { page, faults };
}

function says(page: Page, selector: string, text: string | RegExp): Promise<void> {
  return page.locator(selector, { hasText: text }).first().waitFor();
}

/** What a picture is, for those who do not see it: once it is painted. */
function label(page: Page, selector: string) {
  const canvas = page.locator(`${selector} canvas`);
  return expect.poll(() => canvas.getAttribute("aria-label"), { timeout: PATIENCE_MS });
}

/** What is painted on a canvas at some places in a row. */
function colorsAt(page: Page, selector: string, xs: readonly number[], y = 4): Promise<string[]> {
  const [canvas, places] = [JSON.stringify(selector), JSON.stringify(xs)];
  return page.evaluate(`${places}.map((x) => {
    const context = document.querySelector(${canvas}).getContext("2d");
    return "rgb(" + context.getImageData(x, ${y}, 1, 1).data.slice(0, 3).join(", ") + ")";
  })`);
}

function areAllDifferent(colors: readonly string[]): boolean {
  return new Set(colors).size === colors.length;
}

describe(`the dashboard in a browser${NO_CHROMIUM === undefined ? "" : ` (skipped: ${NO_CHROMIUM})`}`, () => {
  it.skipIf(isSkippedFor(NO_CHROMIUM))(
    "shows a job with a crash from its start to its end, and asks nobody else for anything",
    async () => {
      const { url, onEvent, close } = await dashboard();
      const { page, faults } = await visit(url);
      await says(page, "#connection", "live");
      directory = temporaryDirectory();
      const inputs = join(directory, "inputs");
      mkdirSync(inputs);
      for (let part = 0; part < 8; part += 1) {
        writeFileSync(join(inputs, `part-${part}.txt`), "one two three");
      }
      const app = join(directory, "app.ts");
      writeFileSync(app, CRASHING.replaceAll('"crashed"', JSON.stringify(join(directory, "gone"))));
      const settings = { workers: 3, reduces: 4, splitBytes: 1, backups: false };
      let workers = 0;
      await runJob({
        ...{ app, inputs: [inputs], out: join(directory, "out"), ...settings },
        onEvent: (event) => {
          // Whoever took the place of the dead one may have come too late, and others on a busy machine as well.
          if (event.type === "workerJoined") workers += 1;
          onEvent(event);
        },
      });
      expect(workers).toBeGreaterThanOrEqual(2);

      await says(page, "#outcome", "Completed in");
      await label(page, "#maps").toBe("8 map tasks: 7 completed, 1 completed after incident");
      await label(page, "#reduces").toBe("4 reduce tasks: 4 completed");
      await label(page, "#timeline").toBe(
        `Timeline of 13 attempts by ${workers} workers; failed or lost: 1`,
      );
      expect(await page.locator("#incidents").textContent()).toMatch(/map 3 lost.*worker is gone/);
      expect(await page.title()).toBe("completed · app.ts");

      open.splice(
        open.findIndex((one) => "url" in one && one.url === url),
        1,
      );
      await close();
      await says(page, "#connection", "final state");
      expect(await page.locator("#notice").isVisible()).toBe(false);
      await label(page, "#maps").toContain("7 completed");
      expect(faults).toEqual([]);
    },
  );

  it.skipIf(isSkippedFor(NO_CHROMIUM))(
    "says what each part of a picture is to those who point at it or use the keyboard",
    async () => {
      const { url, onEvent } = await dashboard();
      const job = { maps: 13, reduces: 4, workers: 3, taskMs: 800, diesEvery: 5 };
      for (const event of syntheticJob(job)) onEvent(event);
      const { page, faults } = await visit(url);
      await says(page, "#outcome", "Completed");
      await page.locator("#maps canvas").hover({ position: { x: 12, y: 12 } });
      await says(page, ".tooltip", /map 0: completed.*part-0000\.txt.*worker 1/);
      await page.locator("#timeline canvas").focus();
      await page.keyboard.press("ArrowRight");
      await says(page, ".tooltip", /map 0.*completed.*worker 1/);
      await page.keyboard.press("ArrowDown");
      await says(page, ".unseen", /map 1, completed, worker 2/);
      await page.locator("#shuffle canvas").focus();
      await page.keyboard.press("ArrowRight");
      await says(page, ".tooltip", "map 0 → reduce 0");
      await page.keyboard.press("Escape");
      expect(await page.locator(".tooltip").isVisible()).toBe(false);
      expect(faults).toEqual([]);
    },
  );

  it.skipIf(isSkippedFor(NO_CHROMIUM))(
    "shows where in the app a job failed, and nothing of it as anything but text",
    async () => {
      const { url, onEvent } = await dashboard();
      const message = "Error: <img src=x onerror=alert(1)>";
      const failure = {
        code: "APP_THREW",
        message,
        stack: `${message}\n    at map (app.ts:3:9)`,
      } as const;
      const first = { phase: "map", task: 1, attempt: 1, worker: 1 } as const;
      const events = timed([
        ...begin(3, 2),
        { type: "workerJoined", worker: 1, pid: 1 },
        { type: "attemptStarted", ...first, isBackup: false },
        { type: "attemptFailed", ...first, failure },
        { type: "jobEnded", outcome: { state: "failed", failure } },
      ]);
      for (const event of events) onEvent(event);
      const { page, faults } = await visit(url);
      await says(page, "#outcome", `Failed after 5.00 s: ${message}`);
      expect(await page.locator("#outcome pre").textContent()).toBe(failure.stack);
      expect(await page.locator("img").count()).toBe(0);
      await label(page, "#maps").toBe("3 map tasks: 2 idle, 1 failed");
      expect(faults).toEqual([]);
    },
  );

  it.skipIf(isSkippedFor(NO_CHROMIUM))("says one of what there is one of", async () => {
    const { url, onEvent } = await dashboard();
    const map = { phase: "map", task: 0, attempt: 1, worker: 1 } as const;
    const reduce = { ...map, phase: "reduce" } as const;
    const progress = { records: 1, bytes: 1, cpuMs: 1 };
    const made = { progress, outputBytes: [1], counters: {} };
    const events = timed([
      ...begin(1, 1),
      { type: "workerJoined", worker: 1, pid: 1 },
      { type: "taskRestored", phase: "map", task: 0, ...made },
      { type: "attemptStarted", ...reduce, isBackup: false },
      { type: "attemptFailed", ...reduce, failure: { code: "APP_THREW", message: "boom" } },
      { type: "jobEnded", outcome: { state: "completed" } },
    ]);
    for (const event of events) onEvent(event);
    const { page } = await visit(url);
    await says(page, "#outcome", "of output in 1 file;");
    await says(page, "#outcome", "in 1 attempt; once something had to be done again.");
    await label(page, "#maps").toBe("1 map task: 1 completed before this run");
    await label(page, "#timeline").toBe("Timeline of 1 attempt by 1 worker; failed or lost: 1");
    await label(page, "#shuffle").toBe("Bytes from 1 row of map tasks to 1 column of reduce tasks");
    await page.locator("#maps canvas").hover({ position: { x: 12, y: 12 } });
    await says(page, ".tooltip", "1 record, 1 B");
  });

  for (const colorScheme of ["light", "dark"] as const) {
    it.skipIf(isSkippedFor(NO_CHROMIUM))(
      `tells states apart where the system has colours of its own, ${colorScheme} ones`,
      async () => {
        const { url, onEvent } = await dashboard();
        const failure = { code: "APP_THREW", message: "boom" } as const;
        const attempt = (task: number) => ({ phase: "map", task, attempt: 1, worker: 1 }) as const;
        const events = timed([
          ...begin(3, 2),
          { type: "workerJoined", worker: 1, pid: 1 },
          { type: "attemptStarted", ...attempt(0), isBackup: false },
          {
            ...{ type: "attemptCompleted", ...attempt(0), progress: undefined },
            ...{ outputBytes: [1, 1000], counters: {} },
          },
          { type: "attemptStarted", ...attempt(1), isBackup: false },
          { type: "attemptFailed", ...attempt(1), failure },
          { type: "jobEnded", outcome: { state: "failed", failure } },
        ]);
        for (const event of events) onEvent(event);
        const { page, faults } = await visit(url);
        // The theme that was chosen by hand does not go with the colours of the system.
        await page.locator("#theme").click();
        await page.emulateMedia({ forcedColors: "active", colorScheme });
        await label(page, "#maps").toMatch(/^3 map tasks: .*1 failed/);
        const cells = () => colorsAt(page, "#maps canvas", [4, 31, 58]);
        const back = `rgb(${colorScheme === "light" ? "255, 255, 255" : "0, 0, 0"})`;
        const areClear = (colors: readonly string[]) => {
          return areAllDifferent(colors) && colors.every((one) => contrast(one, back) > 3);
        };
        // Its cross is there for those who do not see the colour. It comes with the system's colours.
        const hasCross = async () => {
          const [cross] = await colorsAt(page, "#maps canvas", [27 + 12], 12);
          return cross !== (await cells())[1];
        };
        await expect.poll(hasCross, { timeout: PATIENCE_MS }).toBe(true);
        await expect.poll(() => cells(), { timeout: PATIENCE_MS }).toSatisfy(areClear);
        const shuffled = await colorsAt(page, "#shuffle canvas", [50, 160], 25);
        expect([...shuffled, back]).toSatisfy(areAllDifferent);
        const swatches: string[] = await page.evaluate(
          `[...document.querySelectorAll("#legend .swatch")].map((swatch) => {
            return getComputedStyle(swatch).backgroundColor;
          })`,
        );
        expect([...swatches, back]).toSatisfy(areAllDifferent);
        // The browser would have it that nobody reads what is painted.
        expect(faults.filter((fault) => !fault.includes("getImageData"))).toEqual([]);
      },
    );
  }

  it.skipIf(isSkippedFor(NO_CHROMIUM))(
    "says that it has lost the coordinator, and goes on with the one that comes back",
    async () => {
      const first = await dashboard();
      const events = syntheticJob({ maps: 20, reduces: 2, workers: 2, taskMs: 500 });
      const half = events.slice(0, 40);
      for (const event of half) first.onEvent(event);
      const { page } = await visit(first.url);
      await says(page, "#connection", "live");
      open.shift();
      await first.close();
      await says(page, "#connection", "connection lost");
      await says(page, "#notice", "The page shows the state at");
      const again = await startDashboard({ port: Number(new URL(first.url).port) });
      open.push(again);
      for (const event of events) again.onEvent(event);
      await says(page, "#connection", "live");
      await says(page, "#outcome", "Completed");
      await label(page, "#maps").toBe("20 map tasks: 20 completed");
    },
  );

  it.skipIf(isSkippedFor(NO_CHROMIUM))(
    "stays of use with 10,000 tasks and 100 workers",
    async () => {
      const { url, onEvent } = await dashboard();
      const { page, faults } = await visit(url);
      const events: JobEvent[] = syntheticJob({
        ...{ maps: 10_000, reduces: 200, workers: 100, taskMs: 3000 },
        ...{ diesEvery: 700, failsEvery: 900 },
      });
      const begun = performance.now();
      for (let at = 0; at < events.length; ) {
        const until = 100 * (performance.now() - begun);
        for (let next = events[at]; next !== undefined && next.atMs <= until; next = events[at]) {
          onEvent(next);
          at += 1;
        }
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      await says(page, "#outcome", "Completed in 5 min");
      await label(page, "#maps").toMatch(/^10000 map tasks: .* completed after incident$/);
      await page.locator("#maps canvas").hover({ position: { x: 3, y: 2 } });
      await says(page, ".tooltip", "map 0: completed");
      // Tasks and attempts are painted: the page does not grow with them.
      expect(await page.locator("*").count()).toBeLessThan(1500);
      await page.reload();
      await says(page, "#outcome", "Completed in 5 min");
      await label(page, "#maps").toMatch(/^10000 map tasks: /);
      expect(faults).toEqual([]);
    },
  );
});
