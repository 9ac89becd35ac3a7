import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeReport } from "../../src/mr/report/write-report.ts";
import { runJob } from "../../src/mr/run/run-job.ts";

const CHROMIUM = "/usr/bin/chromium";
const ARGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"];
ARGS.push("--disable-background-networking", "--disable-component-update", "--disable-sync");

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

describe.skipIf(!existsSync(CHROMIUM))(`a report in ${CHROMIUM} (skipped where it is not)`, () => {
  let home: string;
  let browser: Browser;
  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), "tsmr-test-"));
    const path = (name: string) => join(home, name);
    writeFileSync(path("app.ts"), APP.replaceAll("MARK", path("mark")));
    const words = `<script>alert(1)</script> "><img/src=x/onerror=alert(1)> a a a שלום`;
    writeFileSync(path("a.txt"), `deadly ${words}`);
    writeFileSync(path("b.txt"), words);
    const inputs = [path("a.txt"), path("b.txt")];
    await runJob({ app: path("app.ts"), inputs, out: path("out"), workers: 2, reduces: 3 });
    await writeReport(path("out"));
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGS });
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(home, { recursive: true });
  });

  async function open(settings: { width: number; colorScheme: "light" | "dark" }) {
    const { width, colorScheme } = settings;
    const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme });
    const events: string[] = [];
    page.on("console", (message) => events.push(`console: ${message.text()}`));
    page.on("pageerror", (error) => events.push(`error: ${error.message}`));
    page.on("dialog", (dialog) => events.push(`dialog: ${dialog.message()}`));
    page.on("request", (request) => events.push(request.url()));
    const url = pathToFileURL(join(home, "out", "report.html")).href;
    await page.goto(url);
    return { page, events, url };
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
    expect(await page.locator("#tip").innerText()).toMatch(
      /map task 0, attempt 1: its worker was gone/,
    );
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

  it("can be printed", async () => {
    const { page } = await open({ width: 1280, colorScheme: "dark" });
    const pdf = await page.pdf({ path: join(home, "report.pdf"), format: "A4" });
    expect(pdf.subarray(0, 4).toString()).toBe("%PDF");
    expect(statSync(join(home, "out", "report.html")).size).toBeLessThan(100_000);
  });
});
