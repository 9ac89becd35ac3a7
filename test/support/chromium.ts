import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const CHROMIUM = "/usr/bin/chromium";

/** Why browser tests are skipped; undefined if they are not. */
export const NO_CHROMIUM = existsSync(CHROMIUM) ? undefined : `there is no ${CHROMIUM}`;

/** Starts a browser without background requests. It must be closed. */
export async function startChromium(): Promise<Browser> {
  return await chromium.launch({
    executablePath: CHROMIUM,
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
    // Starting takes long on a busy machine.
    timeout: 120_000,
  });
}
