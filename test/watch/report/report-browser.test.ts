// Tests the pages of src/mr/watch/report in Chromium.

import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runJob } from "../../../src/mr/engines/run-job.ts";
import { writeReport } from "../../../src/mr/watch/report/write-report.ts";
import { NO_CHROMIUM, startChromium } from "../../support/chromium.ts";
import { contrast } from "../../support/contrast.ts";
import { isSkippedFor } from "../../support/needs.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

/** A browser does nothing quickly on a machine that is busy with other things. */
const PATIENCE_MS = 120_000;

/** Takes its worker down in the first attempt of one of its tasks. Its keys are no friends of HTML. */
const APP = `
  import { existsSync, writeFileSync } from "node:fs";
  export function map(file, contents) {
    if (contents.startsWith("deadly") && !existsSync("MARK")) {
      writeFileSync("MARK", "");
      process.kill(process.pid, "SIGKILL");
    }
    return contents.split(" ").map((key) => ({ key, value: "1" }));
  }
  export const reduce = (key, values) => String(values.length);
`;

const where = NO_CHROMIUM === undefined ? "" : ` (skipped: ${NO_CHROMIUM})`;

describe.skipIf(isSkippedFor(NO_CHROMIUM))(`a report in a browser${where}`, () => {
  let home: string;
  let browser: Browser;
  beforeAll(async () => {
    home = temporaryDirectory();
    const path = (name: string) => join(home, name);
    writeFileSync(path("app.ts"), APP.replaceAll("MARK", path("mark")));
    const words = `<script>alert(1)</script> "><img/src=x/onerror=alert(1)> a a a שלום`;
    writeFileSync(path("a.txt"), `deadly ${words}`);
    writeFileSync(path("b.txt"), words);
    const inputs = [path("a.txt"), path("b.txt")];
    await runJob({ app: path("app.ts"), inputs, out: path("out"), workers: 2, reduces: 3 });
    await writeReport(path("out"));
    browser = await startChromium();
  });
  afterAll(async () => {
    await browser?.close();
  });

  async function open(settings: { width: number; colorScheme: "light" | "dark" }) {
    const { width, colorScheme } = settings;
    const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme });
    page.setDefaultTimeout(PATIENCE_MS);
    const events: string[] = [];
    page.on("console", (message) => events.push(`console: ${message.text()}`));
    page.on("pageerror", (error) => events.push(`error: ${error.message}`));
    page.on("dialog", (dialog) => events.push(`dialog: ${dialog.message()}`));
    page.on("request", (request) => events.push(request.url()));
    const url = pathToFileURL(join(home, "out", "report.html")).href;
    await page.goto(url);
    return { page, events, url };
  }

  /** At which edges of an element its background is not the same as between them. */
  async function shadedEdges(part: Locator, canvas: Page): Promise<string[]> {
    const png = (await part.screenshot()).toString("base64");
    const row = (await canvas.evaluate(`(async () => {
      const image = new Image();
      image.src = "data:image/png;base64,${png}";
      await image.decode();
      const { width, height } = image;
      const context = new OffscreenCanvas(width, height).getContext("2d");
      context.drawImage(image, 0, 0);
      const { data } = context.getImageData(0, height >> 1, width, 1);
      return Array.from({ length: width }, (_, x) => data.slice(4 * x, 4 * x + 3).join(" "));
    })()`)) as string[];
    const middle = row[row.length >> 1];
    // The very edge may be half a pixel.
    const edges = { left: row[1], right: row.at(-2) };
    return Object.entries(edges).flatMap(([name, colour]) => (colour === middle ? [] : [name]));
  }

  it("shows the crash and who took over, without a complaint or a request", async () => {
    const { page, events, url } = await open({ width: 1280, colorScheme: "light" });
    expect(await page.locator("h1").innerText()).toMatch(/app\.ts\s*completed/);
    expect(await page.locator("path.cross").count()).toBe(1);
    expect(await page.locator("path.again[d*=C]").count()).toBe(1);
    expect(await page.locator("ul.failures").innerText()).toMatch(
      /Map task 0, attempt 1.*its worker was gone/,
    );
    expect(await page.getByText("<script>alert(1)<", { exact: false }).count()).toBeGreaterThan(0);
    await page.locator("path.cross").hover({ force: true });
    const tip = page.locator("#tip", {
      hasText: /map task 0, attempt 1: lost: its worker is gone/,
    });
    await tip.waitFor();
    expect(events).toEqual([url]);
  });

  it.each([
    { width: 1280, colorScheme: "dark" as const },
    { width: 375, colorScheme: "light" as const },
  ])("fits a window $width wide, in $colorScheme", async (settings) => {
    const { page } = await open(settings);
    const { width, background } = (await page.evaluate(`({
      width: document.documentElement.scrollWidth,
      background: getComputedStyle(document.body).backgroundColor,
    })`)) as { width: number; background: string };
    expect(width).toBe(settings.width);
    expect(background).toBe(
      settings.colorScheme === "dark" ? "rgb(14, 18, 23)" : "rgb(255, 255, 255)",
    );
  });

  it("has a shadow where more of a chart or a table is to be scrolled to, and nowhere else", async () => {
    const { page } = await open({ width: 390, colorScheme: "light" });
    const parts = [".charts > div", ".wide", ".scroll"].map((name) => page.locator(name).first());
    const canvas = await browser.newPage();
    // What is drawn would be in the way of looking at what is behind it.
    await page.addStyleTag({ content: "svg, table{visibility:hidden}" });
    const look = async (from: "start" | "end") => {
      const found = new Set<string>();
      for (const part of parts) {
        await part.evaluate((element, edge) => {
          element.scrollLeft = edge === "start" ? 0 : element.scrollWidth;
        }, from);
        found.add((await shadedEdges(part, canvas)).join(" and "));
      }
      return [...found];
    };
    expect(await look("start")).toEqual(["right"]);
    expect(await look("end")).toEqual(["left"]);
    await page.setViewportSize({ width: 1280, height: 800 });
    expect(await look("start")).toEqual([""]);
    await page.setViewportSize({ width: 390, height: 800 });
    await page.emulateMedia({ colorScheme: "dark" });
    expect(await look("start")).toEqual(["right"]);
    await page.emulateMedia({ media: "print" });
    expect(await look("start")).toEqual([""]);
  });

  it("tells attempts apart where the system has colours of its own", async () => {
    const { page } = await open({ width: 1280, colorScheme: "light" });
    for (const [colorScheme, back] of [
      ["light", "rgb(255, 255, 255)"],
      ["dark", "rgb(0, 0, 0)"],
    ] as const) {
      await page.emulateMedia({ forcedColors: "active", colorScheme });
      const swatches: string[] = await page.evaluate(
        `[...document.querySelectorAll(".legend i")].map((swatch) => {
          return getComputedStyle(swatch).backgroundColor;
        })`,
      );
      expect(new Set(swatches).size).toBe(5);
      for (const swatch of swatches) expect(contrast(swatch, back)).toBeGreaterThan(3);
    }
  });

  it("says what each chart shows to those who do not see it", async () => {
    const { page } = await open({ width: 1280, colorScheme: "light" });
    const names: Array<string | null> = await page.evaluate(
      `[...document.querySelectorAll("svg[role=img]")].map((svg) => svg.getAttribute("aria-label"))`,
    );
    expect(names).toHaveLength(7);
    expect(names.map((name) => name?.replaceAll(/[\d.,]+ (min|ms|s)\b/g, "T"))).toEqual([
      'Largest values: a 6, "><img/src=x/onerror=alert(1)> 2, <script>alert(1)</script> 2, שלום 2, deadly 1',
      "How many keys have which value: 5 keys, from 1 to 6, median 2, mean 2.6, sum 13",
      expect.stringMatching(/when: 6 attempts by [23] workers in T; failed or lost: 1$/),
      "How long map tasks took: 2 tasks, from T to T, the median one T",
      "How long reduce tasks took: 3 tasks, from T to T, the median one T",
      "Bytes for each reduce task: 3 tasks, from 0 B to 218 B, the mean 78 B",
      "Shuffle: bytes from 2 map tasks to 3 reduce tasks, 109 B at most in a cell",
    ]);
  });

  it.each(["light", "dark"] as const)("has text that can be read, in %s", async (colorScheme) => {
    const { page } = await open({ width: 1280, colorScheme });
    const texts: Array<{ what: string; color: string; back: string }> = await page.evaluate(`
      [...document.querySelectorAll("body *")].flatMap((element) => {
        const text = [...element.childNodes].find((node) => node.nodeType === 3 && node.data.trim());
        if (!text || element.closest("script, title, #tip")) return [];
        const style = getComputedStyle(element);
        let behind = element;
        while (getComputedStyle(behind).backgroundColor === "rgba(0, 0, 0, 0)") behind = behind.parentElement;
        const back = getComputedStyle(behind).backgroundColor;
        const color = element.closest("svg") ? style.fill : style.color;
        return [{ what: element.outerHTML.slice(0, 80), color, back }];
      })`);
    expect(texts.length).toBeGreaterThan(50);
    const faint = texts.filter(({ color, back }) => contrast(color, back) < 4.5);
    expect(faint).toEqual([]);
  });

  it("can be printed", async () => {
    const { page } = await open({ width: 1280, colorScheme: "dark" });
    const pdf = await page.pdf({ path: join(home, "report.pdf"), format: "A4" });
    expect(pdf.subarray(0, 4).toString()).toBe("%PDF");
    expect(statSync(join(home, "out", "report.html")).size).toBeLessThan(100_000);
  });
});
