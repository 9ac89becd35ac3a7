import type { Command } from "commander";
import { SHIPPED_APPS, TEST_APPS } from "../shipped-apps.ts";
import type { Action } from "./catalog.ts";

const HELP = `
Examples:
  tsmr apps
  tsmr run wc 'books/*.txt'           an app is run by its name`;

export function define(command: Command): Action {
  command
    .description("List the apps that come with the package.")
    .option("--all", "also those that test a system rather than compute something")
    .option("--json", "print them as JSON")
    .addHelpText("after", HELP);
  return async ({ all, json }: { readonly all?: true; readonly json?: true }) => {
    const apps = all === true ? [...SHIPPED_APPS, ...TEST_APPS] : SHIPPED_APPS;
    const width = Math.max(...apps.map(([name]) => name.length));
    const text =
      json === true
        ? `${JSON.stringify(
            apps.map(([name, summary]) => ({ name, summary })),
            undefined,
            2,
          )}\n`
        : apps.map(([name, summary]) => `${name.padEnd(width)}  ${summary}\n`).join("");
    process.stdout.write(text);
    return 0;
  };
}
