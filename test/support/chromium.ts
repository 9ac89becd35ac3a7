import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const CHROMIUM = "/usr/bin/chromium";

/** Why nothing can be tried in a browser here, or undefined. */
export const NO_CHROMIUM = existsSync(CHROMIUM) ? undefined : `there is no ${CHROMIUM}`;

/** Starts a browser that stays to itself. It must be closed. */
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
    // On a busy machine it takes long to start.
    timeout: 120_000,
  });
}
