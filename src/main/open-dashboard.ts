import { InvalidArgumentError, Option } from "commander";
import type { Dashboard } from "../mr/watch/dashboard/start-dashboard.ts";
import { wholeNumber } from "./parse-options.ts";

/** The value of `--ui`: true for the default address. */
export type UiOption = true | { readonly host?: string; readonly port: number };

/** `--ui`, for every command that starts a job. */
export function uiOption(): Option {
  return new Option(
    "--ui [port]",
    "serve a page on which to watch the job (default port: 8377; HOST:PORT to let other machines see it)",
  ).argParser(parseAddress);
}

/** `9000`, `0.0.0.0:9000` or `[::]:9000`. */
function parseAddress(text: string): UiOption {
  const [, bracketed, plain, port = ""] =
    /^(?:(?:\[([0-9a-fA-F:.]+)\]|([a-zA-Z0-9.-]+)):)?([0-9]+)$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  try {
    const address = { port: wholeNumber({ min: 0, max: 65_535 })(port) };
    return host === undefined ? address : { ...address, host };
  } catch {
    // With the message of this option.
    throw new InvalidArgumentError("It must be a port from 0 to 65535, or HOST:PORT.");
  }
}

/**
 * Starts a dashboard if one is asked for, and prints its address.
 *
 * @param name of the command
 * @throws MrError when it cannot listen there
 */
export async function openDashboard(
  name: string,
  ui: UiOption | undefined,
): Promise<Dashboard | undefined> {
  if (ui === undefined) return undefined;
  // Loaded only when it is asked for.
  const { startDashboard } = await import("../mr/watch/dashboard/start-dashboard.ts");
  const dashboard = await startDashboard(ui === true ? {} : ui);
  process.stderr.write(`${name}: Watch it at ${dashboard.url}\n`);
  return dashboard;
}
