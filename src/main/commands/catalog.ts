import type { Command } from "commander";

/** Takes the arguments of the command line, then the options; returns the exit code. */
export type Action = (...args: never[]) => Promise<number>;

/** The exports of a command's file. */
export interface CommandModule {
  /** Adds arguments, options and examples to the command, and returns its action. */
  readonly define: (command: Command) => Action;
}

export interface CatalogEntry {
  readonly name: string;
  /** One line for `tsmr --help`. */
  readonly summary: string;
  /** Loads the command: only the one that is run, because each loads much of the library. */
  readonly load: () => Promise<CommandModule>;
}

type Row = readonly [name: string, summary: string, load: CatalogEntry["load"]];

/** In the order in which help lists them. */
const ROWS: readonly Row[] = [
  ["run", "run a job on this machine, with workers of its own", () => import("./run.ts")],
  ["status", "say how a running job is doing", () => import("./status.ts")],
  ["cancel", "end a running job", () => import("./cancel.ts")],
  ["worker", "help with a running job, as one more worker", () => import("./worker.ts")],
  ["sequential", "run a job in this one process, to compare with", () => import("./sequential.ts")],
  ["report", "write a report or a chart of a job", () => import("./report.ts")],
  ["init", "make an app to start from, with its test", () => import("./init.ts")],
  ["apps", "list the apps that come with the package", () => import("./apps.ts")],
  ["completion", "print the completion for a shell", () => import("./completion.ts")],
];

/** The commands of `tsmr`. */
export const COMMANDS: readonly CatalogEntry[] = ROWS.map(([name, summary, load]) => {
  return { name, summary, load };
});
