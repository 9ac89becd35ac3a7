import type { Command } from "commander";
import { printResult } from "../print-result.ts";
import { SHIPPED_APPS } from "../shipped-apps.ts";
import type { Action } from "./catalog.ts";

const HELP = `
Examples:
  tsmr apps
  tsmr run wc 'books/*.txt'           an app is run by its name`;

export function define(command: Command): Action {
  command
    .description("List the apps that come with the package.")
    .option("--json", "print them as JSON")
    .addHelpText("after", HELP);
  return async ({ json }: { readonly json?: true }) => {
    const width = Math.max(...SHIPPED_APPS.map(([name]) => name.length));
    const text =
      json === true
        ? `${JSON.stringify(
            SHIPPED_APPS.map(([name, summary]) => ({ name, summary })),
            undefined,
            2,
          )}\n`
        : SHIPPED_APPS.map(([name, summary]) => `${name.padEnd(width)}  ${summary}\n`).join("");
    printResult(text);
    return 0;
  };
}
